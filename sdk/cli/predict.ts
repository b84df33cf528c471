/** The command `predict`: the classes of images, computed in batches. */

import { Command } from "commander";
import type { Model } from "../entries/node.js";
import { count, oneLine } from "../report/text.js";
import { ContinuedFile } from "./continued.js";
import { misuse } from "./errors.js";
import { extensionOf, targetOption, writeFile } from "./files.js";
import { type Done, Inputs } from "./inputs.js";
import { addInputOptions, type InputFlags, integerOption, openClassifier } from "./options.js";
import { type Context, type Define, modelFields, table, workText } from "./output.js";
import { asJson, encoders, fromLine, parseClasses, type Result, resultOf } from "./predictions.js";
import { pathOf, readArgument } from "./read.js";

interface PredictFlags extends InputFlags {
  readonly topk?: number;
  readonly scores?: boolean;
  readonly classes?: string;
  readonly out?: string;
}

const extensions = [...Object.keys(encoders), ".jsonl"];

const help = `write the results (${extensions.join(", ")}); an interrupted .jsonl is continued`;

export function predictCommand(define: Define): Command {
  const command = new Command("predict")
    .description("the classes of images")
    .addOption(integerOption("--topk <k>", "how many of the best classes are listed, default 5", 1, 1e6))
    .option("--scores", "list the scores of all classes too")
    .option("--classes <file>", "names of the classes: one on each line, or a JSON array")
    .addOption(targetOption("--out <file>", help, extensions));
  return define(addInputOptions(command), predictWork);
}

async function predictWork(context: Context, [args]: [string[]], flags: PredictFlags) {
  const { out, interpolation, strict, scores = false } = flags;
  const ending = extensionOf(out ?? "");
  const classes = flags.classes === undefined ? undefined : await readClasses(flags.classes, context);
  const inputs = await Inputs.of(args, context);
  using model = await openClassifier(flags, context, { interpolation, classes });
  const topk = topkOf(model, flags);
  const about = modelFields(model);

  const started = performance.now();
  const withScores = scores || [".npz", ".safetensors"].includes(ending);
  const work: Work = { inputs, model, topk, withScores, batchSize: flags.batchSize, context };
  const results = out !== undefined && ending === ".jsonl" ? await toLines(out, work) : await collect(work);
  const ms = performance.now() - started;
  const { device: _, ...facts } = about;
  if (encoders[ending]) await writeFile(out, () => encoders[ending](results, facts, scores), context);

  const { skipped } = inputs;
  const fields = { results: results.map((result) => asJson(result, scores)), skipped, ms, out: out ?? null };
  const lines = ["", resultTable(results), "", workText(results.length, "image", skipped, ms)];
  return { about, fields, lines, files: [out], incomplete: strict && skipped.length > 0 };
}

async function readClasses(path: string, { signal }: Context): Promise<string[]> {
  return parseClasses(new TextDecoder().decode(await readArgument(pathOf(path), signal)), path);
}

/** `--topk`, by default 5 or all of a model that has fewer classes. @throws OptionError */
function topkOf({ name, config: { numClasses } }: Model, { topk = Math.min(5, numClasses) }: PredictFlags): number {
  if (topk <= numClasses) return topk;
  misuse(`--topk must be from 1 to ${numClasses}, the classes of ${name}, got ${topk}`);
}

interface Work {
  readonly inputs: Inputs;
  readonly model: Model;
  readonly topk: number;
  readonly withScores: boolean;
  readonly batchSize?: number;
  readonly context: Context;
}

/** Results batch by batch. `done` tells inputs that have theirs. */
async function* predicted(work: Work, done?: Done): AsyncGenerator<Result[]> {
  const { inputs, model, topk, withScores, batchSize, context } = work;
  for await (const batch of inputs.batches(model, batchSize, done)) {
    const tensors = batch.map(({ value }) => value);
    const found = await model.predict(tensors, { topk, signal: context.signal });
    const rows = found.length / batch.length;
    yield found.map((prediction, i) => {
      const row = rows > 1 ? i % rows : undefined;
      return resultOf(batch[Math.floor(i / rows)].path, prediction, row, withScores);
    });
  }
}

async function collect(work: Work): Promise<Result[]> {
  const results: Result[] = [];
  for await (const more of predicted(work)) results.push(...more);
  return results;
}

/** Writes results to the JSON lines of `out` as they come, behind those of an earlier run that was interrupted; returns all of them. */
async function toLines(out: string, work: Work): Promise<Result[]> {
  const { inputs, model, topk, withScores, context } = work;
  const { device: _, ...fields } = modelFields(model);
  const about = { ...fields, interpolation: model.config.interpolation };
  const { classes } = model;
  const { numClasses, scoreFunction } = model.config;
  const expected = { about, classes, numClasses, scoreFunction, topk, withScores, paths: new Set(inputs.paths) };
  const results: Result[] = [];
  const file = await ContinuedFile.open(out, (lines) => {
    results.push(...lines.map((line, i) => fromLine(line, i + 1, expected)));
    dropUnfinished(results);
    return results.length;
  });
  const note = (has: string, hint: string) => {
    if (results.length > 0) context.output.note(`${out}.partial ${has} ${count(results.length, "result")}${hint}`);
  };
  note("has", ": going on from there");
  try {
    for await (const more of predicted(work, doneBefore(results))) {
      await file.append(more.map((result) => ({ ...asJson(result, withScores), ...about })));
      results.push(...more);
    }
    await file.finish();
  } catch (error) {
    note("keeps", "; the same command goes on from there");
    throw error;
  } finally {
    await file.close();
  }
  return results;
}

/** Of an array of several images the last lines may be missing: all of the last one are computed anew. */
function dropUnfinished(results: Result[]): void {
  const last = results.at(-1);
  while (last?.row !== undefined && results.at(-1)?.input === last.input) results.pop();
}

/** Whether an input has its results already; a path that is given twice has them twice. */
function doneBefore(results: readonly Result[]): Done {
  const left = new Map<string, number>();
  for (const { input, row = 0 } of results) if (row === 0) left.set(input, (left.get(input) ?? 0) + 1);
  return (path) => {
    const n = left.get(path) ?? 0;
    left.set(path, n - 1);
    return n > 0;
  };
}

/** The best classes of one image, or the best class of each of several. */
function resultTable(results: readonly Result[]): string {
  const name = (text = "") => oneLine(text);
  const [{ score_function: by }] = results;
  const score = by === "softmax" ? "score" : `score (${by === "none" ? "logit" : by})`;
  if (results.length > 1) {
    const rows = results.map((r) => [oneLine(r.input), r.pred_label, r.pred_score.toFixed(4), name(r.pred_class)]);
    return table(["input", "label", score, "class"], rows);
  }
  const [{ input, topk }] = results;
  const rows = topk.map(({ label, score, class: of }) => [label, score.toFixed(4), name(of)]);
  return `${oneLine(input)}\n${table(["label", score, "class"], rows)}`;
}
