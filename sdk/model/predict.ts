/** From logits to predictions, and their names in mmpretrain's inferencer. */

import { OptionError } from "../../gpu/errors.js";
import { checkInteger, checkKeys } from "../base/check.js";
import type { Tensor } from "../base/tensor.js";
import type { ModelConfig, ScoreFunction } from "../config/config.js";

export interface PredictOptions {
  /** How many of the best classes `topk` lists, 1 to the number of classes; left out, there is no `topk`. */
  readonly topk?: number;
  readonly signal?: AbortSignal;
}

/** A class among the best. */
export interface ScoredClass {
  readonly label: number;
  /** As in `predScores`. */
  readonly score: number;
  /** Where the names of the classes are known. */
  readonly class?: string;
}

/** What a classifier says of an image: plain data. */
export interface Prediction {
  /** [classes]: the logits, by `scoreFunction`. */
  readonly predScores: Float32Array<ArrayBuffer>;
  /** The class with the highest score, from 0; among equal ones the first. */
  readonly predLabel: number;
  /** Its score: 0 to 1, unless `scoreFunction` is "none". */
  readonly predScore: number;
  /** What the model's configuration makes of logits: scores that sum to 1, an independent score for each class, or the logits themselves. */
  readonly scoreFunction: ScoreFunction;
  /** Its name, if the names of the classes are known. */
  readonly predClass?: string;
  /** The best classes if `topk` was asked for, the best first; among equal scores the lower label. */
  readonly topk?: readonly ScoredClass[];
}

/** @throws OptionError for an unknown option or a `topk` beyond the classes; for a model without classes, as the reference raises. */
export function checkPredict(name: string, { kind, numClasses }: ModelConfig, options: PredictOptions): void {
  checkKeys("predict", options, ["topk", "signal"]);
  if (kind !== "classifier") {
    throw new OptionError("OPT_VALUE", `predict: ${name} is no classifier (its kind is ${kind}): it has no classes`);
  }
  if (options.topk !== undefined) checkInteger("topk", options.topk, 1, numClasses);
}

/** A prediction for each row of `logits` [B,classes]. */
export function predictions(
  { data, shape }: Tensor,
  { scoreFunction, classes, topk }: Pick<ModelConfig, "scoreFunction" | "classes"> & Pick<PredictOptions, "topk">,
): Prediction[] {
  const [B, width] = shape;
  return Array.from({ length: B }, (_, b) => {
    const scores = scoresOf[scoreFunction](data.subarray(b * width, (b + 1) * width));
    const named = (label: number): ScoredClass => {
      const found = { label, score: scores[label] };
      return classes ? { ...found, class: classes[label] } : found;
    };
    const { label, score, class: name } = named(argmax(scores));
    return {
      predScores: scores,
      predLabel: label,
      predScore: score,
      scoreFunction,
      ...(name !== undefined && { predClass: name }),
      ...(topk !== undefined && { topk: best(scores, topk).map(named) }),
    };
  });
}

/** A prediction under the names of mmpretrain's inferencer, as the command line's JSON has it; `pred_scores` is the same array. */
export function toMmpretrain({ predScores, predLabel, predScore, scoreFunction, predClass, topk }: Prediction) {
  return {
    pred_scores: predScores,
    pred_label: predLabel,
    pred_score: predScore,
    score_function: scoreFunction,
    ...(predClass !== undefined && { pred_class: predClass }),
    ...(topk !== undefined && { topk }),
  };
}

/** In float64, then rounded to f32: each score within half a unit in the last place of what the logits mean. */
const scoresOf: Readonly<Record<ScoreFunction, (logits: Float32Array) => Float32Array<ArrayBuffer>>> = {
  softmax,
  sigmoid: (logits) => Float32Array.from(logits, (x) => 1 / (1 + Math.exp(-x))),
  none: (logits) => new Float32Array(logits),
};

function softmax(logits: Float32Array): Float32Array<ArrayBuffer> {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(logits, (x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b);
  return Float32Array.from(powers, (p) => p / sum);
}

/** The first of the highest, as torch's. */
function argmax(scores: Float32Array): number {
  return scores.indexOf(scores.reduce((a, b) => Math.max(a, b)));
}

function best(scores: Float32Array, k: number): number[] {
  return [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
}
