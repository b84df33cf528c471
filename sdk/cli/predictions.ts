/** The results of `predict`, and the files that it writes of them. */

import { type Model, type Prediction, type ScoredClass, type Tensor, toMmpretrain } from "../entries/node.js";
import type { Line } from "./continued.js";
import { misuse } from "./errors.js";
import { type About, npz, safetensors, stack } from "./files.js";

/** What is said of one image. */
export interface Result {
  readonly input: string;
  /** Its place in an array of several images, from 0. */
  readonly row?: number;
  readonly pred_label: number;
  readonly pred_score: number;
  readonly score_function: Prediction["scoreFunction"];
  readonly pred_class?: string;
  readonly topk: readonly ScoredClass[];
  /** Of all classes, if they are shown or written. */
  readonly pred_scores?: Float32Array;
}

export function resultOf(input: string, found: Prediction, row: number | undefined, withScores: boolean): Result {
  const { pred_scores, topk = [], ...best } = toMmpretrain(found);
  return { input, ...(row !== undefined && { row }), ...best, topk, ...(withScores && { pred_scores }) };
}

/** As JSON shows a result: its scores only on demand. */
export function asJson({ pred_scores = new Float32Array(), ...result }: Result, withScores = false): Line {
  return withScores ? { ...result, pred_scores: [...pred_scores] } : result;
}

type Encode = (results: readonly Result[], about: About, withScores?: boolean) => Uint8Array | string;

/** By the file name's ending; `.jsonl` is written line by line. Arrays: scores [n,classes], labels [n], and the inputs [n]. */
export const encoders: Readonly<Record<string, Encode>> = {
  ".npz": (results) => {
    const labels = { data: Int32Array.from(results, (r) => r.pred_label), shape: [results.length] };
    return npz([["pred_scores", scoresOf(results)] as const, ["pred_label", labels] as const], inputsOf(results));
  },
  ".safetensors": (results, about) => {
    // our safetensors hold floats alone; labels are exact as such
    const labels = { data: Float32Array.from(results, (r) => r.pred_label), shape: [results.length] };
    const arrays = [["pred_scores", scoresOf(results)] as const, ["pred_label", labels] as const];
    return safetensors(arrays, inputsOf(results), about);
  },
  ".json": (results, about, withScores) =>
    `${JSON.stringify({ ...about, results: results.map((r) => asJson(r, withScores)) })}\n`,
};

const inputsOf = (results: readonly Result[]) => results.map(({ input }) => input);

function scoresOf(results: readonly Result[]): Tensor {
  const rows = results.map(({ pred_scores = [] }) => pred_scores);
  return stack(rows, rows.length, rows[0].length);
}

/** What the lines of `.jsonl` must be so that this command goes on behind them. */
export interface Expected {
  /** Facts that every line carries. */
  readonly about: Line;
  readonly classes: Model["classes"];
  readonly numClasses: number;
  readonly scoreFunction: Prediction["scoreFunction"];
  readonly topk: number;
  readonly withScores: boolean;
  readonly paths: ReadonlySet<string>;
}

/** The result in line `number` of an earlier run. @throws Error saying how it differs from what this command writes */
export function fromLine(line: Line, number: number, expected: Expected): Result {
  const wrong = (what: string) => new Error(`line ${number} ${what}`);
  for (const [key, value] of Object.entries(expected.about)) {
    const [found, wanted] = [line[key], value].map((x) => JSON.stringify(x));
    if (found !== wanted) throw wrong(`has ${key} ${found}, this command has ${wanted}`);
  }
  const { input, row, pred_label, pred_score, score_function, pred_class, topk, pred_scores } =
    line as unknown as Result;
  if (!expected.paths.has(input)) throw wrong(`is of ${JSON.stringify(input)}, which is none of the inputs`);
  if (!(pred_label < expected.numClasses && Number.isFinite(pred_score))) throw wrong("holds no prediction");
  if (score_function !== expected.scoreFunction) {
    throw wrong(`has score_function ${score_function}, this command has ${expected.scoreFunction}`);
  }
  if (pred_class !== expected.classes?.[pred_label]) throw wrong("names its class otherwise");
  if (topk?.length !== expected.topk) throw wrong(`does not list --topk ${expected.topk}`);
  const width = expected.withScores ? expected.numClasses : undefined;
  if (pred_scores?.length !== width) throw wrong(`has ${pred_scores ? "other" : "no"} pred_scores`);
  const scores = pred_scores && { pred_scores: Float32Array.from(pred_scores) };
  const best = { pred_label, pred_score, score_function, pred_class };
  return { input, ...(row !== undefined && { row }), ...best, topk, ...scores };
}

/** The names in a file: a JSON array, or one on each line. @throws OptionError */
export function parseClasses(text: string, path: string): string[] {
  const plain = text.replace(/^\uFEFF/, "");
  if (!plain.trimStart().startsWith("[")) return plain.replace(/(\r?\n)+$/, "").split(/\r?\n/);
  try {
    const names: unknown = JSON.parse(plain);
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  } catch {
    // told below
  }
  misuse(`--classes ${path}: expected one name on each line, or a JSON array of names`);
}
