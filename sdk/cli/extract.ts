/** The command `extract`: features of images, computed in batches. */

import { Command } from "commander";
import { type Model, type OpProfile, OptionError, type OutType, type Tensor } from "../entries/node.js";
import { encoders, type Feature } from "./features.js";
import { checkTarget, writeFile } from "./files.js";
import { batches, Inputs, type Item } from "./inputs.js";
import { short, summary } from "./numbers.js";
import {
  addModelOptions,
  choiceOption,
  interpolationOption,
  listOption,
  type ModelFlags,
  openModel,
} from "./options.js";
import { count, modelFields, modelText, table } from "./output.js";
import type { Context, Define } from "./run.js";

interface ExtractFlags extends ModelFlags {
  readonly outType?: OutType;
  readonly outIndices?: readonly number[];
  readonly finalNorm?: boolean;
  readonly normalize?: boolean;
  readonly interpolation?: "bilinear" | "bicubic";
  readonly out?: string;
  readonly strict?: boolean;
  readonly profile?: boolean;
}

export function extractCommand(define: Define): Command {
  const command = new Command("extract")
    .description("features of images")
    .argument("<inputs...>", "image files, folders, .npy arrays, or - for a list of paths on stdin")
    .addOption(choiceOption("--out-type <type>", "which features", ["raw", "cls_token", "featmap", "avg_featmap"]))
    .addOption(listOption("--out-indices <list>", "blocks, from 0 or from the end; default -1", ",", "0,-1"))
    .option("--final-norm", "normalise after the last block")
    .option("--no-final-norm", "do not")
    .option("--normalize", "scale vectors to length 1")
    .addOption(interpolationOption())
    .option("--out <file>", `write the features (${Object.keys(encoders).join(", ")})`)
    .option("--strict", "exit with 1 where an input was skipped")
    .option("--profile", "run the first input once more, and show time, FLOPs and bytes of each operation");
  return define(addModelOptions(command), extractWork);
}

async function extractWork(context: Context, [args]: [string[]], flags: ExtractFlags) {
  const { out, outType, finalNorm, interpolation, strict } = flags;
  const encode = out === undefined ? undefined : encoders[await checkTarget("--out", out, Object.keys(encoders))];
  const inputs = await Inputs.of(args, context);
  using model = await openModel(flags, context, { outType, finalNorm, interpolation });
  const stages = stagesOf(model, flags);

  const started = performance.now();
  const outputs: Record<string, unknown>[] = [];
  const kept: Feature[] = [];
  let first: Tensor | undefined;
  for await (const batch of batches(inputs, model, flags, context.signal)) {
    first ??= batch[0].tensor;
    for (const feature of await featuresOf(batch, model, stages, flags, context.signal)) {
      const { input, stage, shape, data } = feature;
      outputs.push({ input, stage, shape, ...summary(data) });
      if (encode) kept.push(feature);
    }
  }
  const ms = performance.now() - started;
  const profile =
    flags.profile && first ? await model.profile(first, { outIndices: stages, signal: context.signal }) : undefined;

  const { device, ...about } = modelFields(model);
  if (out !== undefined && encode) await writeFile(out, encode(kept, about), context);
  const { skipped } = inputs;
  const fields = { ...about, device, outputs, skipped, ms, out: out ?? null, profile };
  const text = [modelText(model), "", outputTable(outputs), "", summaryLine(outputs, skipped, ms, stages.length)];
  if (out !== undefined) text.push(`wrote   ${out}`);
  if (profile) text.push("", profileTable(profile));
  return { fields, text: text.join("\n"), incomplete: strict && skipped.length > 0 };
}

/** The blocks asked for, in the order in which the model gives them. */
function stagesOf({ config }: Model, { outIndices = [-1], out }: ExtractFlags): number[] {
  const stages = outIndices.map((i) => (i < 0 ? i + config.numLayers : i));
  const outside = stages.findIndex((i) => i < 0 || i >= config.numLayers);
  if (outside >= 0) {
    const range = `${-config.numLayers} to ${config.numLayers - 1}`;
    throw new OptionError("OPT_VALUE", `--out-indices must be from ${range}, got ${outIndices[outside]}`);
  }
  const unique = [...new Set(stages)].sort((a, b) => a - b);
  if (unique.length > 1 && out?.toLowerCase().endsWith(".npy")) {
    const found = `--out-indices has ${unique.length}`;
    throw new OptionError("OPT_VALUE", `--out: a .npy file holds one stage, ${found}; write .npz or .safetensors`);
  }
  return unique;
}

/** Features of each input of a batch at each stage, input by input. */
async function featuresOf(
  batch: readonly Item[],
  model: Model,
  stages: readonly number[],
  { normalize }: ExtractFlags,
  signal: AbortSignal,
): Promise<Feature[]> {
  const tensors = batch.map((item) => item.tensor);
  const results = await model.extractFeat(tensors, { outIndices: stages, normalize, signal });
  return batch.flatMap(({ path, tensor }, i) =>
    results.map(({ data, shape }, k) => {
      const rows = tensor.shape[0];
      const size = data.length / batch.length;
      return {
        input: path,
        stage: stages[k],
        shape: [rows, ...shape.slice(1)],
        data: data.slice(i * size, (i + 1) * size),
      };
    }),
  );
}

function outputTable(outputs: readonly Record<string, unknown>[]): string {
  const rows = outputs.map(({ input, stage, shape, norm, mean, std, first }) => [
    String(input),
    stage as number,
    `[${shape}]`,
    ...[norm, mean, std].map((x) => short(x as number)),
    (first as number[]).slice(0, 4).map(short).join(" "),
  ]);
  return table(["input", "stage", "shape", "norm", "mean", "std", "first"], rows);
}

function profileTable(profile: readonly OpProfile[]): string {
  const rows = profile.map(({ op, calls, dispatches, ms, flops, bytes }) => {
    return [op, calls, dispatches, ms.toFixed(3), (flops / 1e6).toFixed(1), (bytes / 1e6).toFixed(2)];
  });
  return table(["operation", "calls", "dispatches", "ms", "MFLOP", "MB moved"], rows);
}

function summaryLine(outputs: readonly unknown[], skipped: readonly unknown[], ms: number, stages: number): string {
  const images = outputs.length / stages;
  const left = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  return `${count(images, "input")}${left} in ${Math.round(ms)} ms (${(ms / images).toFixed(1)} ms each)`;
}
