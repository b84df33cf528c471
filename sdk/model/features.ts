/** What `extractFeat` takes, checked; and unit vectors. */

import { OptionError } from "../../gpu/errors.js";
import type { OutType } from "../../gpu/models/vit.js";
import { checkChoice, checkKeys } from "../base/check.js";
import type { Tensor } from "../base/tensor.js";
import { type ModelConfig, outTypes } from "../config/config.js";

export interface FeatureOptions {
  /** raw [B,1+N,C], cls_token [B,C], featmap [B,C,h,w], avg_featmap [B,C]; default: the model's own. */
  readonly outType?: OutType;
  /** Blocks whose output is returned, from 0; negative numbers count from the end; default [-1]. */
  readonly outIndices?: readonly number[];
  /** Scale every vector along the channels to length 1. */
  readonly normalize?: boolean;
  readonly signal?: AbortSignal;
}

/** What stands for a whole image: its class token, or the mean of its patch tokens. */
export type EmbedPooling = "cls_token" | "mean";

export interface EmbedOptions {
  /** Default: what the model's recipe pools (`config.pooling`), for mmpretrain's models the mean. */
  readonly pooling?: EmbedPooling;
  /** Scale every vector to length 1. */
  readonly normalize?: boolean;
  readonly signal?: AbortSignal;
}

/** Options of one stage. */
export type OneFeature = FeatureOptions & { readonly outIndices?: readonly [number] };

export interface StreamOptions extends FeatureOptions {
  /** Images in a batch; default 8. */
  readonly batchSize?: number;
}

const featureKeys: readonly (keyof FeatureOptions)[] = ["outType", "outIndices", "normalize", "signal"];

/** What `options` of the call `name` ask of a model, whose own blocks are `outIndices`. @throws OptionError */
export function featuresOf(name: string, options: FeatureOptions, config: ModelConfig, outIndices: readonly number[]) {
  // a profile counts the device's work; scaling is the host's
  checkKeys(name, options, name === "profile" ? featureKeys.filter((key) => key !== "normalize") : featureKeys);
  checkChoice("normalize", options.normalize ?? false, [true, false]);
  const outType = checkChoice("outType", options.outType ?? config.outType, outTypes);
  const chosen = resolveIndices(options.outIndices ?? outIndices, config.numLayers);
  return { name: "features", outType, outIndices: chosen } as const;
}

/** The options of `extractFeat` that give embeddings. @throws OptionError */
export function featuresToEmbed(options: EmbedOptions, config: ModelConfig): FeatureOptions {
  checkKeys("embed", options, ["pooling", "normalize", "signal"]);
  const { pooling, ...rest } = options;
  const outTypes = { cls_token: "cls_token", mean: "avg_featmap" } as const;
  if (pooling !== undefined) checkChoice("pooling", pooling, Object.keys(outTypes) as EmbedPooling[]);
  return { ...rest, outType: pooling ? outTypes[pooling] : config.pooling, outIndices: [-1] };
}

/**
 * Block numbers in ascending order, each once; negative ones count from the end.
 * @throws OptionError if one is out of range.
 */
export function resolveIndices(indices: readonly number[], numLayers: number): number[] {
  const resolved = Array.isArray(indices) ? indices.map((i) => (i < 0 ? i + numLayers : i)) : [];
  if (resolved.length === 0 || !resolved.every((i) => Number.isInteger(i) && i >= 0 && i < numLayers)) {
    const range = `${-numLayers} to ${numLayers - 1}`;
    throw new OptionError(
      "OPT_VALUE",
      `outIndices must be a list of whole numbers from ${range}, got ${JSON.stringify(indices)}`,
    );
  }
  return [...new Set(resolved)].sort((a, b) => a - b);
}

/** Scales every vector along the channels to length 1 (a zero vector stays); `outType` tells where the channels are. */
export function normalizeVectors({ data, shape }: Tensor, outType: OutType): Tensor {
  const channels = outType === "featmap" ? shape[1] : (shape.at(-1) as number);
  const stride = outType === "featmap" ? shape[2] * shape[3] : 1;
  const unit = new Float32Array(data.length);
  for (let block = 0; block < data.length; block += channels * stride) {
    for (let at = block; at < block + stride; at++) {
      let squares = 0;
      for (let c = 0; c < channels; c++) squares += data[at + c * stride] ** 2;
      const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
      for (let c = 0; c < channels; c++) unit[at + c * stride] = data[at + c * stride] * scale;
    }
  }
  return { data: unit, shape };
}
