/** MaskFeat (Wei et al., CVPR 2022, https://arxiv.org/abs/2112.09133): predict the HOG of masked patches; and its classifier. */

import { Tape, type Value } from "../graph/tape.js";
import { ops } from "../ops/index.js";
import { dense, patchGrid, patchTokens, Scope } from "./nn.js";
import { features, type Pooling, stages, type ViTConfig, type ViTOutputs } from "./vit.js";

/** What a traced function reads, writes and needs. */
export interface Traced {
  readonly tape: Tape;
  readonly outputs: readonly Value[];
}

/** Images [B,3,H,W] -> one feature tensor for each stage. */
export function traceFeatures(c: ViTConfig, images: readonly number[], o: ViTOutputs): Traced {
  const tape = new Tape(ops);
  return { tape, outputs: features(new Scope(tape).at("backbone"), tape.input("images", images), c, o) };
}

/**
 * Masked forward: images [B,3,S,S] and mask [B,N] -> prediction [B,N,F] for every token; with `loss`, and a HOG target [B,N,F], also
 * [2]: the sum over masked tokens of the mean squared error, and their number.
 */
export function tracePretrain(c: ViTConfig, targetWidth: number, images: readonly number[], loss: boolean): Traced {
  const tape = new Tape(ops);
  const s = new Scope(tape);
  const N = patchGrid(c.imageSize, c.imageSize, c.patchSize).reduce((h, w) => h * w);
  const x = tape.input("images", images);
  const mask = tape.input("mask", [images[0], N]);
  const last = { outIndices: [c.numLayers - 1], finalNorm: true };
  const [latent] = stages(s.at("backbone"), x, c, last, mask);
  const pred = dense(s.at("neck.fc"), patchTokens(s, latent), targetWidth);
  if (!loss) return { tape, outputs: [pred] };
  const target = tape.input("target", pred.shape);
  return { tape, outputs: [pred, s.call("maskedMse", [pred, target, mask], {})] };
}

/** Images [B,3,H,W] -> logits [B,classes]. */
export function traceClassifier(
  c: ViTConfig,
  numClasses: number,
  images: readonly number[],
  finalNorm: boolean,
  pooling: Pooling = "avg_featmap",
): Traced {
  const tape = new Tape(ops);
  const s = new Scope(tape);
  const o = { outType: pooling, outIndices: [c.numLayers - 1], finalNorm } as const;
  const [pooled] = features(s.at("backbone"), tape.input("images", images), c, o);
  return { tape, outputs: [dense(s.at("head.fc"), pooled, numClasses)] };
}
