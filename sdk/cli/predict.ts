/** The command `predict`: the classes of images, computed in batches. */

import { Command } from "commander";
import type { Model } from "../entries/node.js";
import { oneLine } from "../report/text.js";
import { misuse } from "./errors.js";
import { extensionOf, targetOption } from "./files.js";
import type { Rows } from "./formats.js";
import { Inputs, type Item } from "./inputs.js";
import { addInputOptions, type InputFlags, integerOption, openClassifier } from "./options.js";
import { type Context, type Define, FEW, modelFields, table, workText } from "./output.js";
import type { Entry } from "./partial.js";
import { asJson, encode, entryOf, type Predicted, parseClasses, type Result, resultsIn } from "./predictions.js";
import { pathOf, readArgument } from "./read.js";
import { eachResult } from "./results.js";

interface PredictFlags extends InputFlags {
  readonly topk?: number;
  readonly scores?: boolean;
  readonly classes?: string;
  readonly out?: string;
}

const endings = [".npz", ".safetensors", ".json", ".jsonl"];

export function predictCommand(define: Define): Command {
  const command = new Command("predict")
    .description("the classes of images")
    .optionsGroup("Classes:")
    .addOption(integerOption("--topk <k>", "how many of the best classes are listed (default: 5)", 1, 1e6))
    .option("--scores", "list the scores of all classes too")
    .option("--classes <file>", "names of the classes: one on each line, or a JSON array")
    .optionsGroup("Output:")
    .addOption(targetOption("--out <file>", `write the results (${endings.join(", ")})`, endings));
  return define(addInputOptions(command), predictWork, [
    "predict bird.jpg",
    "predict photos --topk 3 --classes names.txt --json",
    "predict photos --out photos.jsonl         # again after an interruption: goes on",
  ]);
}

async function predictWork(context: Context, [args]: [string[]], flags: PredictFlags) {
  const { out, interpolation, strict, scores = false } = flags;
  const classes = flags.classes === undefined ? undefined : await readClasses(flags.classes, context);
  const inputs = await Inputs.of(args, context, flags);
  using model = await openClassifier(flags, context, { interpolation, classes });
  const topk = topkOf(model, flags);
  const about = modelFields(model);
  const { device: _, ...facts } = about;

  const started = performance.now();
  const { output, signal } = context;
  const withScores = scores || [".npz", ".safetensors"].includes(extensionOf(out ?? ""));
  const work = {
    ...{ command: "predict", inputs, model, batchSize: flags.batchSize, context, out },
    options: { topk, withScores, dtype: flags.dtype ?? "f32", formats: flags.formats, ema: flags.ema },
    compute: async (batch: readonly Item[]) => {
      const found = await model.predict(
        batch.map(({ value }) => value),
        { topk, signal },
      );
      return batch.map(({ path }, i) => {
        const rows = found.length / batch.length;
        return entryOf(path, found.slice(i * rows, (i + 1) * rows), withScores);
      });
    },
  };
  // a file has them all; without one the rows are the result
  const most = out === undefined ? Number.POSITIVE_INFINITY : FEW;
  const shown: Result[] = [];
  let n = 0;
  const use = async (entry: Entry<Predicted>) => {
    for (const result of resultsIn(entry)) {
      if (n++ <= most && !output.json) shown.push(n === 1 ? result : { ...result, topk: [], pred_scores: undefined });
      await output.item(() => asJson(result, scores));
    }
  };
  output.list("predict", about, "results");
  const parts = (rows: Rows<Predicted>) => encode(out ?? "", rows, model, facts, scores);
  await eachResult(work, use, out === undefined ? undefined : parts);
  const ms = performance.now() - started;

  const { skipped } = inputs;
  const rows = n > most || output.json ? [] : ["", resultTable(shown), ""];
  const lines = [...rows, workText(n, "image", skipped, ms)];
  const fields = { skipped, ms, out: out ?? null };
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
