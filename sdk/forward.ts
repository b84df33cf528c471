/** Arguments of a forward pass, checked: which patches are hidden, and which blocks are wanted. */

import { OptionError, ShapeError } from "../gpu/errors.js";
import { patchGrid } from "../gpu/graph/ops.js";
import type { ModelConfig } from "./config.js";
import { blockMask } from "./image/mask.js";
import type { Tensor } from "./tensor.js";

/** A mask [B,N] of 0 and 1, or the seed of a generator that draws one. */
export type MaskInput = Tensor | { readonly seed: number; readonly generator?: "mmpretrain" | "pyslowfast" };

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
