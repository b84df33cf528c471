/** From logits to predictions, with the fields of mmpretrain's inferencer. */

import { OptionError } from "../../gpu/errors.js";
import { checkInteger, checkKeys } from "../base/check.js";
import type { Tensor } from "../base/tensor.js";
import type { ModelConfig } from "../config/config.js";

export interface PredictOptions {
  /** How many of the best classes `topk` lists, 1 to the number of classes; left out, there is no `topk`. */
  readonly topk?: number;
  readonly signal?: AbortSignal;
}

/** A class among the best. */
export interface ScoredClass {
  readonly label: number;
  readonly score: number;
  /** Where the names of the classes are known. */
  readonly class?: string;
}

/** What a classifier says of an image: plain data. Every field of mmpretrain's has a twin in camel case. */
export interface Prediction {
  /** [classes]: softmax of the logits. */
  readonly pred_scores: Float32Array<ArrayBuffer>;
  /** The class with the highest score, from 0; among equal ones the first. */
  readonly pred_label: number;
  /** Its score, 0 to 1. */
  readonly pred_score: number;
  /** Its name, where the names of the classes are known. */
  readonly pred_class?: string;
  /** The same array as `pred_scores`. */
  readonly predScores: Float32Array<ArrayBuffer>;
  readonly predLabel: number;
  readonly predScore: number;
  readonly predClass?: string;
  /** The best classes where `topk` was asked for, the best first; among equal scores the lower label. */
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
export function predictions({ data, shape }: Tensor, classes?: readonly string[], topk?: number): Prediction[] {
  const [B, width] = shape;
  return Array.from({ length: B }, (_, b) => {
    const scores = softmax(data.subarray(b * width, (b + 1) * width));
    const named = (label: number): ScoredClass => {
      const found = { label, score: scores[label] };
      return classes ? { ...found, class: classes[label] } : found;
    };
    const { label, score, class: name } = named(argmax(scores));
    return {
      pred_scores: scores,
      pred_label: label,
      pred_score: score,
      ...(name !== undefined && { pred_class: name }),
      predScores: scores,
      predLabel: label,
      predScore: score,
      ...(name !== undefined && { predClass: name }),
      ...(topk !== undefined && { topk: best(scores, topk).map(named) }),
    };
  });
}

/** In float64, then rounded to f32: each score within half a unit in the last place of what the logits mean. */
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
