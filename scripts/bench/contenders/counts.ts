/** Counts what the kernels of a model do (../counts/). Bundled by ../inside.mjs, as it needs what is private. */

import { fuse } from "../../../gpu/graph/fuse.js";
import { plan } from "../../../gpu/graph/plan.js";
import { trace } from "../../../gpu/models/functions.js";
import { direct, tiled } from "../../../gpu/ops/linear.js";
import { findModel } from "../../../sdk/config/registry.js";
import type { Platform } from "../../../sdk/model/platform.js";
import { type Count, countCalls } from "../counts/count.js";

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
    count: (model: string, batch: number): Promise<Count[]> =>
      countCalls(device, callsOf(model, batch), choices[matmul]),
  };
}
