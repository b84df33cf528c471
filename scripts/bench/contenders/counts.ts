/** Counts what the kernels of a model do (../counts/). Bundled by ../inside.mjs, as it needs what is private. */

import { fuse } from "../../../gpu/graph/fuse.js";
import { plan } from "../../../gpu/graph/plan.js";
import type { Matmul } from "../../../gpu/kernels/index.js";
import { traceFeatures } from "../../../gpu/models/maskfeat.js";
import type { Platform } from "../../../sdk/platform/types.js";
import { findModel } from "../../../sdk/registry.js";
import { type Count, countCalls } from "../counts/count.js";

/** The calls of `extractFeat` on `batch` images of 224 x 224 pixels: one dispatch each. */
export function callsOf(model: string, batch: number) {
  const { config } = findModel(model);
  const outputs = { outType: "raw", outIndices: [config.numLayers - 1], finalNorm: true } as const;
  const traced = traceFeatures(config, [batch, 3, 224, 224], outputs);
  return plan(fuse(traced.tape.calls, traced.outputs), traced.outputs).calls;
}

export async function openCounts(platform: Platform, { matmul }: { readonly matmul: Matmul }) {
  const adapter = await (await platform.gpu()).requestAdapter();
  if (!adapter) throw new Error("WebGPU finds no adapter");
  if (matmul === "subgroups" && !adapter.features.has("subgroups")) throw new Error("the adapter has no subgroups");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredFeatures: matmul === "subgroups" ? ["subgroups"] : [],
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  return {
    count: (model: string, batch: number): Promise<Count[]> => countCalls(device, callsOf(model, batch), matmul),
  };
}
