/** The masked forward pass of a pre-training model: predicted HOG, and the loss against the real one. */

import { ShapeError } from "../../gpu/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { ModelConfig } from "../config/config.js";
import { hog } from "../image/hog.js";
import { concat } from "../image/inputs.js";
import { type ForwardOptions, type LossResult, toMask } from "./options.js";
import type { Runner } from "./runner.js";
import { pretrainTask } from "./tasks.js";

/** Images [B,3,S,S] -> predicted HOG [B,N,F]. @throws ShapeError, OptionError; as the runner does */
export async function predictHog(
  runner: Runner<unknown>,
  config: ModelConfig,
  images: Tensor,
  options: ForwardOptions,
): Promise<Tensor> {
  const inputs = { images: images.data, mask: maskFor(config, images, options, false).data };
  const [batch, ...item] = images.shape;
  const parts = await runner.run(pretrainTask(config, item, false), batch, inputs, options);
  return concat(parts.map(([pred]) => pred));
}

/** Images [B,3,S,S] -> loss, prediction and target. @throws ShapeError, OptionError; as the runner does */
export async function maskedLoss(
  runner: Runner<unknown>,
  config: ModelConfig,
  images: Tensor,
  options: ForwardOptions,
): Promise<LossResult> {
  const mask = maskFor(config, images, options, true);
  const target = hog(images, { ...config.hog, patchSize: config.patchSize });
  const inputs = { images: images.data, mask: mask.data, target: target.data };
  const [batch, ...item] = images.shape;
  const parts = await runner.run(pretrainTask(config, item, true), batch, inputs, options);
  const [sum, count] = parts.reduce(([s, n], [, l]) => [s + l.data[0], n + l.data[1]], [0, 0]);
  return { loss: sum / count, pred: concat(parts.map(([pred]) => pred)), target };
}

function maskFor(config: ModelConfig, images: Tensor, { mask }: ForwardOptions, needed: boolean): Tensor {
  const [B, , height, width] = images.shape;
  const S = config.imageSize;
  if (height !== S || width !== S) {
    const found = `${width}x${height}`;
    throw new ShapeError("SHAPE_MISMATCH", `a masked forward takes images of ${S}x${S} pixels, got ${found}`);
  }
  return toMask(mask, config, B, needed);
}
