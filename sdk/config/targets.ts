/** What pre-training predicts for a masked patch: a table of targets. */

import type { LossName } from "../../gpu/models/functions.js";
import { checkInteger, checkMultiple } from "../base/check.js";
import { constant } from "../base/constant.js";
import type { Tensor } from "../base/tensor.js";
import { hog } from "../image/hog.js";

export interface HogConfig {
  /** Orientation bins over 180 degrees. */
  readonly nbins: number;
  /** Side of a cell in pixels. */
  readonly pool: number;
  /** Side of the tiled Gaussian weight in pixels; 0 is off. */
  readonly gaussianWindow: number;
}

/** The part of a configuration that targets read. */
export interface TargetConfig {
  readonly imageSize: number;
  readonly patchSize: number;
  readonly hog: HogConfig;
}

export interface Target {
  /** Elements that are predicted for a patch. */
  width(c: TargetConfig): number;
  /** images [B,3,S,S] -> [B,N,width] */
  target(images: Tensor, c: TargetConfig): Tensor;
  /** What compares prediction and target. */
  readonly loss: LossName;
  /** @throws OptionError if the configuration's fields of this target do not fit its images and patches */
  check(c: TargetConfig): void;
}

const targets = {
  hog: {
    /** 3 channels x bins x cells; 108 for ViT-B/16. */
    width: ({ hog, patchSize }) => 3 * hog.nbins * (patchSize / hog.pool) ** 2,
    target: (images, c) => hog(images, { ...c.hog, patchSize: c.patchSize }),
    loss: "mse",
    check({ hog, imageSize, patchSize }) {
      checkInteger("config: hog.nbins", hog.nbins, 1, 180);
      checkInteger("config: hog.pool", hog.pool, 1, patchSize);
      checkInteger("config: hog.gaussianWindow", hog.gaussianWindow, 0, imageSize);
      checkMultiple("config: patchSize by hog.pool", patchSize, hog.pool);
      if (hog.gaussianWindow > 0)
        checkMultiple("config: imageSize by hog.gaussianWindow", imageSize, hog.gaussianWindow);
    },
  },
} satisfies Record<string, Target>;

/** The target that a model was trained on: so far every configuration means the first. */
export const target: Target = constant(() => targets.hog);
