/** Counts what the kernels of a model do (../counts/). Bundled by ../inside.mjs, as it needs what is private. */

import { fuse } from "../../../gpu/graph/fuse.js";
import { plan } from "../../../gpu/graph/plan.js";
import type { Matmul } from "../../../gpu/kernels/index.js";
import { trace } from "../../../gpu/models/functions.js";
import { featuresFor, lackingFor, multiplyBy } from "../../../gpu/subgroups.js";
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

export async function openCounts(platform: Platform, { matmul }: { readonly matmul: Matmul }) {
  const adapter = await (await platform.gpu(matmul === "subgroup-matrix")).requestAdapter();
  if (!adapter) throw new Error("WebGPU finds no adapter");
  const { features, info, limits } = adapter;
  const lacking = lackingFor(matmul, features, info, "f32");
  if (lacking) throw new Error(`the adapter lacks ${lacking}`);
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  const device = await adapter.requestDevice({
    requiredFeatures: featuresFor[matmul],
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  const multiply = multiplyBy(matmul, info, "f32");
  return {
    count: (model: string, batch: number): Promise<Count[]> => countCalls(device, callsOf(model, batch), multiply),
  };
}
