/** What a model computes, as tasks for its runner: traced functions of any batch size. `item` is the shape of one image, [3,H,W]. */

import { traceClassifier, traceFeatures, tracePretrain } from "../../gpu/models/maskfeat.js";
import type { OutType } from "../../gpu/models/vit.js";
import { type ModelConfig, targetWidth } from "../config/config.js";
import type { Task } from "./runner.js";

/** images -> one feature tensor for each of `outIndices`. */
export function featureTask(
  config: ModelConfig,
  item: readonly number[],
  outType: OutType,
  outIndices: readonly number[],
): Task {
  const o = { outType, outIndices, finalNorm: config.finalNorm };
  const trace = (batch: number) => traceFeatures(config, [batch, ...item], o);
  return { key: `features ${outType} ${outIndices} ${item}`, trace };
}

/** images -> logits [B,classes]. */
export function logitsTask(config: ModelConfig, item: readonly number[]): Task {
  const { numClasses, finalNorm, pooling } = config;
  const trace = (batch: number) => traceClassifier(config, numClasses, [batch, ...item], finalNorm, pooling);
  return { key: `logits ${item}`, trace };
}

/** images and mask -> predicted HOG [B,N,F]; with `loss`, and a target, also its sum and count. */
export function pretrainTask(config: ModelConfig, item: readonly number[], loss: boolean): Task {
  const trace = (batch: number) => tracePretrain(config, targetWidth(config), [batch, ...item], loss);
  return { key: `pretrain ${loss} ${item}`, trace };
}
