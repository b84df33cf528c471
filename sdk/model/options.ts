/** What a forward pass takes and gives, and checks of it: which blocks are wanted, and which patches are hidden. */

import { OptionError, ShapeError } from "../../gpu/errors.js";
import { patchGrid } from "../../gpu/models/nn.js";
import type { OutType } from "../../gpu/models/vit.js";
import type { Tensor } from "../base/tensor.js";
import type { ModelConfig } from "../config/config.js";
import { blockMask } from "../image/mask.js";

export interface FeatureOptions {
  /** raw [B,1+N,C], cls_token [B,C], featmap [B,C,h,w], avg_featmap [B,C]; default: the model's own. */
  readonly outType?: OutType;
  /** Blocks whose output is returned, from 0; negative numbers count from the end; default [-1]. */
  readonly outIndices?: readonly number[];
  /** Scale every vector along the channels to length 1. */
  readonly normalize?: boolean;
  readonly signal?: AbortSignal;
}

export interface StreamOptions extends FeatureOptions {
  /** Images in a batch; default 8. */
  readonly batchSize?: number;
}

export const featureKeys: readonly (keyof FeatureOptions)[] = ["outType", "outIndices", "normalize", "signal"];

/** A mask [B,N] of 0 and 1, or the seed of a generator that draws one. */
export type MaskInput = Tensor | { readonly seed: number; readonly generator?: "mmpretrain" | "pyslowfast" };

export interface ForwardOptions {
  readonly mask?: MaskInput;
  /** "tensor" (default): as `model(inputs)`; "predict": the predicted HOG; "loss": loss, prediction and target. */
  readonly mode?: "tensor" | "predict" | "loss";
  readonly signal?: AbortSignal;
}

export interface LossResult {
  /** Mean over the masked patches of the mean squared error. */
  readonly loss: number;
  /** [B,N,F] */
  readonly pred: Tensor;
  /** [B,N,F] */
  readonly target: Tensor;
}

/**
 * The mask as numbers [B,N]; without one, nothing is hidden, which is an error where a mask is `needed`.
 * @throws OptionError, ShapeError
 */
export function toMask(given: MaskInput | undefined, c: ModelConfig, B: number, needed: boolean): Tensor {
  const grid = patchGrid(c.imageSize, c.imageSize, c.patchSize);
  const shape = [B, grid[0] * grid[1]];
  if (given === undefined) {
    if (needed) throw new OptionError("OPT_MISSING", "mode loss needs a mask: a tensor [B,N] or { seed }");
    return { data: new Float32Array(shape[0] * shape[1]), shape };
  }
  if ("seed" in given) return { data: Float32Array.from(blockMask({ ...given, grid, count: B }).data), shape };
  const { data } = given;
  if (String(given.shape) !== String(shape) || data.length !== shape[0] * shape[1]) {
    throw new ShapeError("SHAPE_MISMATCH", `the mask must be [${shape}], got [${given.shape}]`);
  }
  if (!data.every((m) => m === 0 || m === 1)) throw new OptionError("OPT_VALUE", "a mask holds only 0 and 1");
  if (needed && !data.includes(1))
    throw new OptionError("OPT_VALUE", "the mask hides no patch: the loss is not defined");
  return { data, shape };
}

/**
 * Block numbers in ascending order, each once; negative ones count from the end.
 * @throws OptionError where one is out of range.
 */
export function resolveIndices(indices: readonly number[], numLayers: number): number[] {
  const resolved = indices.map((i) => (i < 0 ? i + numLayers : i));
  if (indices.length === 0 || !resolved.every((i) => Number.isInteger(i) && i >= 0 && i < numLayers)) {
    const range = `${-numLayers} to ${numLayers - 1}`;
    throw new OptionError(
      "OPT_VALUE",
      `outIndices must be whole numbers from ${range}, got ${JSON.stringify(indices)}`,
    );
  }
  return [...new Set(resolved)].sort((a, b) => a - b);
}
