// What the CPU does for a call on WebGPU, without a GPU: Dawn's null backend takes all commands, and executes none.

import { timeEncoding } from "./encoding.mjs";
import { images, models } from "./images.mjs";

/** Kept for the life of the process: Dawn crashes where it is collected while a device lives. */
let gpu;

async function nullDevice() {
  const { create } = await import("webgpu");
  gpu = create(["backend=null"]);
  const adapter = await gpu.requestAdapter();
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
}

/** Calls in a row: after the first ones what a call touches is in the caches of the CPU, as it is where images follow each other. */
const IN_A_ROW = 20;

/**
 * `extractFeat` of one image; or, with `dispatches`, the shortest program that has so many. A run is a call by itself, or, `inARow`, the last
 * of several.
 */
export async function open({ entry, model, dispatches, inARow }) {
  const device = await nullDevice();
  const call = dispatches ? least(device, dispatches) : await ours(device, entry, model);
  const times = await timeEncoding();
  return {
    async run() {
      for (let i = 0; i < (inARow ? IN_A_ROW : 1); i++) await call();
      return times.at(-1);
    },
  };
}

async function ours(device, entry, key) {
  const { getModel } = await import(entry);
  const model = await getModel(models[key].name, { weights: "procedural", device, selfTest: "off" });
  const x = images(1);
  return () => model.extractFeat(x);
}

/** Ten pipelines of three buffers each, taking turns, as in a transformer none follows itself. */
function least(device, dispatches) {
  const code = `
    @group(0) @binding(0) var<storage, read> a: array<f32>;
    @group(0) @binding(1) var<storage, read> b: array<f32>;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = a[id.x] + b[id.x]; }`;
  const [COMPUTE, STORAGE] = [4, 128];
  const types = ["read-only-storage", "read-only-storage", "storage"];
  const bindings = types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } }));
  const group = device.createBindGroupLayout({ entries: bindings });
  const layout = device.createPipelineLayout({ bindGroupLayouts: [group] });
  const compute = { module: device.createShaderModule({ code }) };
  const pipelines = Array.from({ length: 10 }, () => device.createComputePipeline({ layout, compute }));
  const buffer = () => ({ buffer: device.createBuffer({ size: 4096, usage: STORAGE }) });
  const groups = Array.from({ length: dispatches }, () => {
    const entries = types.map((_, binding) => ({ binding, resource: buffer() }));
    return device.createBindGroup({ layout: group, entries });
  });
  return () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const [i, group] of groups.entries()) {
      pass.setPipeline(pipelines[i % pipelines.length]);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(16);
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
    return device.queue.onSubmittedWorkDone();
  };
}
