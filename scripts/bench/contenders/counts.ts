/**
 * What the kernels of WebGPU do, counted by themselves: their WGSL is changed so that every access to storage, and every invocation, adds
 * to a counter. So it needs an adapter, but no fast one, and the answer is exact. Bundled by ../inside.mjs, as it needs what is private.
 */

import { homeOf as suiteHomeOf } from "../../../conformance/reference.js";
import { fuse } from "../../../gpu/graph/fuse.js";
import { fanIn, size } from "../../../gpu/graph/op.js";
import { plan } from "../../../gpu/graph/plan.js";
import type { Call, Value } from "../../../gpu/graph/tape.js";
import { trace } from "../../../gpu/models/functions.js";
import { type Dispatch, homeOf, type Matmul } from "../../../gpu/ops/home.js";
import { direct, tiled } from "../../../gpu/ops/linear.js";
import { bindingsOf, moduleSource } from "../../../gpu/ops/wgsl.js";
import { kindOf } from "../../../gpu/profile.js";
import { align } from "../../../gpu/storage.js";
import { findModel } from "../../../sdk/config/registry.js";
import type { Platform } from "../../../sdk/model/platform.js";

interface Count {
  /** Its name, and its epilogue if it has one. */
  readonly op: string;
  /** The kernel. */
  readonly file: string;
  /** "[1,197,768] x [3072,768]": of the inputs that are no vectors. */
  readonly shapes: string;
  /** Calls of this kind in the model. */
  readonly calls: number;
  /** Per call, like everything below. */
  readonly workgroups: number;
  readonly invocations: number;
  /** Share of the invocations that made an output. */
  readonly lanes: number;
  /** Read from storage and written to it. */
  readonly bytes: number;
  /** What that would be if each tile read each element once. */
  readonly leastBytes: number;
}

/** GPUBufferUsage. */
const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128];
/** GPUShaderStage.COMPUTE, GPUMapMode.READ. */
const [COMPUTE, READ] = [4, 1];

interface Binding {
  readonly name: string;
  /** Bytes of one element. */
  readonly bytes: number;
}

function storageOf(source: string): Binding[] {
  const declared = [...source.matchAll(/@binding\(\d+\) var<storage, \w+> (\w+): array<(vec4<)?/g)];
  return declared.map(([, name, vector]) => ({ name, bytes: vector ? 16 : 4 }));
}

/** Where the bracket that `at` stands behind is closed. */
function closing(text: string, at: number): number {
  let depth = 1;
  let i = at;
  for (; depth > 0; i++) {
    if (text[i] === "[") depth++;
    if (text[i] === "]") depth--;
  }
  return i - 1;
}

/**
 * The source with counters: one for the accesses to each binding; then one for the invocations, and one for those of them that store. Every
 * index into a binding passes through a function that counts it.
 */
function counting(source: string, bindings: readonly Binding[]): string {
  const [started, stored] = [bindings.length, bindings.length + 1];
  let text = source;
  for (const [i, { name }] of bindings.entries()) {
    const index = new RegExp(`\\b${name}\\[`, "g");
    for (let match = index.exec(text); match; match = index.exec(text)) {
      const from = index.lastIndex;
      const to = closing(text, from);
      const stores = /^\]\s*=[^=]/.test(text.slice(to, to + 4));
      const counted = `${stores ? "countedStore" : "countedLoad"}(${i}u, ${text.slice(from, to)})`;
      text = text.slice(0, from) + counted + text.slice(to);
    }
  }
  const main = /fn main\([^{]*\{/;
  if (!main.test(text)) throw new Error("a kernel has no function main");
  text = text.replace(main, (head) => `${head}\n  atomicAdd(&counters[${started}], 1u);`);
  return `${text}
@group(1) @binding(0) var<storage, read_write> counters: array<atomic<u32>>;
var<private> hasStored: bool;
fn countedLoad(binding: u32, index: u32) -> u32 {
  atomicAdd(&counters[binding], 1u);
  return index;
}
fn countedStore(binding: u32, index: u32) -> u32 {
  if (!hasStored) {
    hasStored = true;
    atomicAdd(&counters[${stored}], 1u);
  }
  return countedLoad(binding, index);
}`;
}

/** Runs a kernel on zeros; gives its counters. */
async function countersOf(
  device: GPUDevice,
  source: string,
  { file, constants, grid }: Dispatch,
  bytesOf: readonly number[],
): Promise<{ bindings: Binding[]; counts: Uint32Array }> {
  const bindings = storageOf(source);
  const made: GPUBuffer[] = [];
  const buffer = (bytes: number, usage: number) => {
    made.push(device.createBuffer({ size: align(Math.max(16, bytes), 4), usage }));
    return made[made.length - 1];
  };
  const layoutOf = (types: GPUBufferBindingType[]) =>
    device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } })),
    });
  const layouts = [layoutOf(bindingsOf(file)), layoutOf(["storage"])];
  const module = device.createShaderModule({ label: file.name, code: counting(source, bindings) });
  const layout = device.createPipelineLayout({ bindGroupLayouts: layouts });
  const compute = { module, constants };
  const pipeline = await device.createComputePipelineAsync({ label: file.name, layout, compute });
  const size = 4 * (bindings.length + 2);
  const counters = buffer(size, STORAGE | COPY_SRC);
  const staging = buffer(size, MAP_READ | COPY_DST);
  const groupOf = (i: number, buffers: GPUBuffer[]) =>
    device.createBindGroup({
      layout: layouts[i],
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const bound = bytesOf.map((bytes) => buffer(bytes, STORAGE));
  pass.setBindGroup(0, groupOf(0, bound));
  pass.setBindGroup(1, groupOf(1, [counters]));
  pass.dispatchWorkgroups(...grid);
  pass.end();
  encoder.copyBufferToBuffer(counters, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(READ);
  const counts = new Uint32Array(staging.getMappedRange().slice(0, size));
  for (const each of made) each.destroy();
  return { bindings, counts };
}

/** Elements that a value has on the device. */
const stored = ({ shape, layout }: Value) => (layout === "packed" ? fanIn(shape) * align(shape[0], 4) : size(shape));

/** The least that a dispatch must move with the tiles that it has: by default every input once for each output, and the output. */
function leastBytes(call: Call, dispatch: Dispatch): number {
  const { inputs, outputs } = call;
  const each = (inputs.length + 1) * outputs.reduce((sum, { shape }) => sum + size(shape), 0);
  return 4 * (suiteHomeOf(call).leastElements?.(call as never, dispatch) ?? each);
}

/** The counts of `calls`, one for each kind, in the order of the first call of each. `edit` changes the kernels' text before they run. */
export async function countCalls(
  device: GPUDevice,
  calls: readonly Call[],
  matmul: Matmul,
  edit: (source: string) => string = (source) => source,
): Promise<Count[]> {
  const kinds = new Map<string, Call[]>();
  for (const call of calls) {
    const shapes = call.inputs.map(({ shape }) => `[${shape}]`).filter((shape) => shape.includes(","));
    const kind = `${kindOf(call)}: ${shapes.join(" x ")}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), call]);
  }
  const rows: Count[] = [];
  for (const [kind, { 0: call, length }] of kinds) {
    const dispatch = [homeOf(call).webgpu(call as never, { matmul, reads: () => true })].flat()[0];
    const bytesOf = (dispatch.bindings ?? [...call.inputs, ...call.outputs]).map((value) => 4 * stored(value));
    const source = edit(moduleSource(dispatch.file, false));
    const { bindings, counts } = await countersOf(device, source, dispatch, bytesOf);
    const [started, made] = counts.subarray(bindings.length);
    const [op, shapes] = kind.split(": ");
    rows.push({
      op,
      file: dispatch.file.name,
      shapes,
      calls: length,
      workgroups: dispatch.grid[0] * dispatch.grid[1],
      invocations: started,
      lanes: made / started,
      bytes: bindings.reduce((sum, { bytes }, i) => sum + bytes * counts[i], 0),
      leastBytes: leastBytes(call, dispatch),
    });
  }
  return rows;
}

/** The calls of `extractFeat` on `batch` images of 224 x 224 pixels: one dispatch each. */
export function callsOf(model: string, batch: number) {
  const { config } = findModel(model);
  const shapes = { images: [batch, 3, 224, 224] };
  const traced = trace("features", { ...config, finalNorm: true }, shapes, { outType: "raw" });
  return plan(fuse(traced.tape.calls, traced.outputs), traced.outputs).calls;
}

/** The matmuls that a device may use. */
const choices = { tiled, direct };
export const matmuls = Object.keys(choices);

export async function openCounts(platform: Platform, { matmul }: { readonly matmul: keyof typeof choices }) {
  const adapter = await (await platform.gpu()).requestAdapter();
  if (!adapter) throw new Error("WebGPU finds no adapter");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  return {
    count: (model: string, batch: number) => countCalls(device, callsOf(model, batch), choices[matmul]),
  };
}
