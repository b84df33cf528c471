// Times models on WebGPU where an adapter is here, and what a call costs the CPU: encoding and submitting its dispatches.

import { measure } from "./measure.mjs";

const models = {
  "maskfeat_vit-tiny-p16": { runs: 20, warmUps: 3 },
  "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k": { runs: 20, warmUps: 3 },
};

/** Kept for the life of the process: Dawn crashes where it is collected while a device lives. */
let gpu;

async function requestDevice() {
  gpu ??= (await import("webgpu")).create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  const features = ["timestamp-query", "shader-f16"].filter((feature) => adapter.features.has(feature));
  return adapter.requestDevice({ requiredFeatures: features });
}

/** Milliseconds from the creation of a call's first command encoder to the return of its submit. */
function timeEncoding(device) {
  const { queue } = device;
  const [create, submit] = [device.createCommandEncoder.bind(device), queue.submit.bind(queue)];
  const times = [];
  let start = 0;
  device.createCommandEncoder = (descriptor) => {
    start = performance.now();
    return create(descriptor);
  };
  queue.submit = (buffers) => {
    submit(buffers);
    times.push(performance.now() - start);
  };
  return times;
}

/** Rows as those of `modelRows`, and the last model's ops; none where there is no adapter, or for ViT-B a software one alone. */
export async function webgpuRows({ devices, getModel, modelInfo }) {
  const [{ available, isFallback }] = await devices();
  const rows = [];
  let profile = [];
  if (!available) return { rows, profile };
  const device = await requestDevice();
  const times = timeEncoding(device);
  const x = { data: new Float32Array(3 * 224 * 224).map((_, i) => Math.sin(i)), shape: [1, 3, 224, 224] };
  const names = Object.keys(models).slice(0, isFallback ? 1 : undefined);
  for (const name of names) {
    for (const dtype of device.features.has("shader-f16") ? ["f32", "f16"] : ["f32"]) {
      const model = await getModel(name, { weights: "procedural", device, dtype });
      times.length = 0;
      const row = await measure(`${name} ${dtype}, batch 1`, () => model.extractFeat(x), models[name]);
      const encodeMs = times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
      const gflops = (2 * modelInfo(name).macs) / row.medianMs / 1e6;
      profile = await model.profile(x);
      const dispatches = profile.reduce((sum, op) => sum + op.dispatches, 0);
      rows.push({ ...row, device: model.device.adapter, gflops, dispatches, encodeMs });
      model.dispose();
    }
  }
  device.destroy();
  return { rows, profile };
}
