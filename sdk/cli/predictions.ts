/** The results of `predict`, and the files that it writes of them. */

import { type Model, type Prediction, type ScoredClass, toMmpretrain } from "../entries/node.js";
import { misuse } from "./errors.js";
import { type About, extensionOf } from "./files.js";
import { type Column, jsonParts, lineParts, npzParts, type Rows, safetensorsParts } from "./formats.js";
import type { Entry, Facts } from "./partial.js";

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
  /** The scores of all classes, if they are shown or written. */
  readonly pred_scores?: Float32Array;
}

/** What an entry says of the images of an input; its numbers are their scores, if these are shown or written. */
export interface Predicted extends Facts {
  readonly results: readonly Omit<Result, "input" | "pred_scores">[];
}

/** The predictions of one input: of an image, or of an array of several. */
export function entryOf(input: string, found: readonly Prediction[], withScores: boolean): Entry<Predicted> {
  const many = found.length > 1;
  const all = found.map((prediction) => toMmpretrain(prediction));
  const results = all.map(({ pred_scores: _, topk = [], ...best }, row) => ({ ...(many && { row }), ...best, topk }));
  const scores = withScores ? all.map(({ pred_scores }) => pred_scores) : [];
  const size = scores.length > 0 ? scores[0].length : 0;
  const data = new Float32Array(scores.length * size);
  for (const [i, row] of scores.entries()) data.set(row, i * size);
  return { input, rows: found.length, facts: { results }, data };
}

export function resultsIn({ input, facts: { results }, data }: Entry<Predicted>): Result[] {
  const size = data.length / results.length;
  return results.map((result, i) => {
    return { input, ...result, ...(size > 0 && { pred_scores: data.subarray(i * size, (i + 1) * size) }) };
  });
}

/** As JSON shows a result: its scores only on demand. */
export function asJson({ pred_scores = new Float32Array(), ...result }: Result, withScores: boolean): Facts {
  return withScores ? { ...result, pred_scores: [...pred_scores] } : result;
}

/** The file named `out`, in parts. Arrays: scores [n,classes], labels [n], and the inputs [n]. */
export function encode(out: string, rows: Rows<Predicted>, { config }: Model, about: About, withScores: boolean) {
  const results = (entry: Entry<Predicted>) => resultsIn(entry).map((result) => asJson(result, withScores));
  const columns: Column<Predicted>[] = [
    { name: "pred_scores", dtype: "f32", item: [config.numClasses], of: ({ data }) => data },
    {
      ...{ name: "pred_label", dtype: "i32", item: [] },
      of: ({ facts }) => Int32Array.from(facts.results, (r) => r.pred_label),
    },
  ];
  const ending = extensionOf(out);
  if (ending === ".npz") return npzParts(rows, columns);
  if (ending === ".safetensors") return safetensorsParts(rows, columns, about);
  if (ending === ".json") return jsonParts(rows, about, "results", results);
  const { interpolation } = config;
  return lineParts(rows, (entry) => results(entry).map((result) => ({ ...result, ...about, interpolation })));
}

/** The names in a file: a JSON array, or one on each line. @throws OptionError */
export function parseClasses(text: string, path: string): string[] {
  const plain = text.replace(/^\uFEFF/, "");
  if (!plain.trimStart().startsWith("[")) return plain.replace(/(\r?\n)+$/, "").split(/\r?\n/);
  try {
    const names: unknown = JSON.parse(plain);
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  } catch {
    // reported below
  }
  misuse(`--classes ${path}: expected one name on each line, or a JSON array of names`);
}
