/** The masked forward pass of a pre-training model: which patches are hidden, the predicted target, and the loss against the real one. */

import { OptionError, ShapeError } from "../../gpu/errors.js";
import { patchGrid } from "../../gpu/models/nn.js";
import { checkKeys } from "../base/check.js";
import { concat, type Tensor } from "../base/tensor.js";
import type { ModelConfig } from "../config/config.js";
import { target as targetOf } from "../config/targets.js";
import { blockMask, type Mask } from "../image/mask.js";
import type { Runner } from "./runner.js";

/** A mask [B,N] of 0 and 1, or the seed of a generator that draws one. */
export type MaskInput = Tensor | Mask | { readonly seed: number; readonly generator?: "mmpretrain" | "pyslowfast" };

export interface ForwardOptions {
  /** Which patches are hidden, in the modes "predict" and "loss". */
  readonly mask?: MaskInput;
  /** "tensor" (default): as `model(inputs)`; "predict": the predicted target; "loss": loss, prediction and target. */
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
 * Images [B,3,S,S] -> the predicted target [B,N,F] (mode "predict"), or loss, prediction and target (mode "loss").
 * @throws ShapeError, OptionError; as the runner does
 */
export async function maskedForward(
  runner: Runner<unknown>,
  config: ModelConfig,
  images: Tensor,
  { mask: given, mode, signal }: ForwardOptions,
): Promise<Tensor | LossResult> {
  const mask = toMask(config, images, given, mode === "loss");
  const predictions = (parts: readonly Tensor[][]) => concat(parts.map(([pred]) => pred));
  if (mode === "predict") return predictions(await runner.run({ name: "masked" }, { images, mask }, { signal }));
  const target = targetOf.target(images, config);
  const parts = await runner.run({ name: "loss" }, { images, mask, target }, { signal });
  const [sum, count] = parts.reduce(([s, n], [, l]) => [s + l.data[0], n + l.data[1]], [0, 0]);
  return { loss: sum / count, pred: predictions(parts), target };
}

/** A copy of a mask as it is at the call. @throws OptionError unless it is a seed or holds only 0 and 1 */
export function heldMask(given: MaskInput | undefined): MaskInput | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null) {
    throw new OptionError("OPT_VALUE", `mask: expected a tensor [B,N] or { seed }, got ${String(given)}`);
  }
  if ("seed" in given) {
    checkKeys("mask", given, ["seed", "generator"]);
    return { ...given };
  }
  const data = Array.from(given.data ?? []);
  if (!data.every((m) => m === 0 || m === 1)) throw new OptionError("OPT_VALUE", "a mask holds only 0 and 1");
  return { data: Float32Array.from(data), shape: [...(given.shape ?? [])] };
}

/** The mask as numbers [B,N]; without one, nothing is hidden, which is an error if a mask is `needed`. @throws OptionError, ShapeError */
function toMask(c: ModelConfig, images: Tensor, given: MaskInput | undefined, needed: boolean): Tensor {
  const [B, , height, width] = images.shape;
  const S = c.imageSize;
  if (height !== S || width !== S) {
    const found = `${width}x${height}`;
    throw new ShapeError("SHAPE_MISMATCH", `a masked forward takes images of ${S}x${S} pixels, got ${found}`);
  }
  const grid = patchGrid(S, S, c.patchSize);
  const shape = [B, grid[0] * grid[1]];
  if (given === undefined) {
    if (needed) throw new OptionError("OPT_MISSING", "mode loss needs a mask: a tensor [B,N] or { seed }");
    return { data: new Float32Array(shape[0] * shape[1]), shape };
  }
  if ("seed" in given) return { data: Float32Array.from(blockMask({ ...given, grid, count: B }).data), shape };
  const data = given.data as Float32Array;
  if (String(given.shape) !== String(shape) || data.length !== shape[0] * shape[1]) {
    throw new ShapeError("SHAPE_MISMATCH", `the mask must be [${shape}], got [${given.shape}]`);
  }
  if (needed && !data.includes(1))
    throw new OptionError("OPT_VALUE", "the mask hides no patch: the loss is not defined");
  return { data, shape };
}
