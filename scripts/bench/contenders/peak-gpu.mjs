// The reference loop on WebGPU: as ../peak.mjs, in every lane of the GPU.

const WORKGROUPS = 4096;
const LANES = 64;
const CHAINS = 8;
/** What a run takes at least, so that submitting it does not count. */
const LEAST_MS = 20;

const each = (line) => Array.from({ length: CHAINS }, (_, i) => `  ${line(i)}`).join("\n");

/** s = s * a + b on chains of four numbers. */
const SOURCE = `
@group(0) @binding(0) var<storage, read> rounds: u32;
@group(0) @binding(1) var<storage, read_write> result: array<vec4f>;
@compute @workgroup_size(${LANES}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = vec4f(0.5);
  let b = vec4f(0.25);
${each((i) => `var s${i} = vec4f(f32(id.x) + ${i}.0);`)}
  for (var i = 0u; i < rounds; i++) {
${each((i) => `s${i} = fma(s${i}, a, b);`)}
  }
  result[id.x] = ${Array.from({ length: CHAINS }, (_, i) => `s${i}`).join(" + ")};
}`;

/** Kept for the life of the process: Dawn crashes where it is collected while a device lives. */
let gpu;

export async function open() {
  gpu = globalThis.navigator?.gpu ?? (await import("webgpu")).create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  const device = await adapter.requestDevice();
  const { STORAGE, COPY_DST } = { STORAGE: 128, COPY_DST: 8 };
  const rounds = device.createBuffer({ label: "rounds", size: 4, usage: STORAGE | COPY_DST });
  const result = device.createBuffer({ label: "result", size: 16 * WORKGROUPS * LANES, usage: STORAGE });
  const module = device.createShaderModule({ label: "reference loop", code: SOURCE });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const entries = [rounds, result].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });

  function work() {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(WORKGROUPS);
    pass.end();
    device.queue.submit([encoder.finish()]);
    return device.queue.onSubmittedWorkDone();
  }

  let count = 8;
  let ms = 0;
  // the first time more than once, as it includes the compilation of the shader
  for (let i = 0; i < 2 || ms < LEAST_MS; i++) {
    if (i > 0) count *= 2;
    device.queue.writeBuffer(rounds, 0, Uint32Array.of(count));
    const start = performance.now();
    await work();
    ms = performance.now() - start;
  }
  return { work, flops: () => count * CHAINS * 4 * 2 * WORKGROUPS * LANES };
}
