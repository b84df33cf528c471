/** The command `extract`: features of images, computed in batches, and the files that it writes of them. */

import { Command } from "commander";
import { type Model, type ModelOptions, type OpProfile, ShapeError, type Tensor, writeNpy } from "../entries/node.js";
import { misuse } from "./errors.js";
import { type About, extensionOf, npz, safetensors, stack, targetOption, writeFile } from "./files.js";
import { Inputs, type Item } from "./inputs.js";
import { addInputOptions, choiceOption, type InputFlags, listOption, openModel } from "./options.js";
import { type Context, type Define, modelFields, short, summary, table, workText } from "./output.js";

/** Features of one input at one stage: [b,...], b being 1 for an image. */
interface Feature {
  readonly input: string;
  /** Number of the block, from 0. */
  readonly stage: number;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

type Encode = (features: readonly Feature[], about: About) => Uint8Array | string;

/** By the file name's ending. */
const encoders: Readonly<Record<string, Encode>> = {
  ".npy": (features) => writeNpy(stages(features)[0][1]),
  ".npz": (features) => npz(stages(features), inputsOf(features)),
  ".safetensors": (features, about) => safetensors(stages(features), inputsOf(features), about),
  ".json": (features, about) => `${JSON.stringify({ ...about, outputs: features.map(asJson) })}\n`,
  ".jsonl": (features, about) => features.map((f) => `${JSON.stringify({ ...asJson(f), ...about })}\n`).join(""),
};

const asJson = ({ input, stage, shape, data }: Feature) => ({ input, stage, shape, data: [...data] });

/** A path for each row of the arrays. */
function inputsOf(features: readonly Feature[]): string[] {
  const [{ stage }] = features;
  return features.filter((f) => f.stage === stage).flatMap((f) => Array<string>(f.shape[0]).fill(f.input));
}

/** `stage<i>` and all of its features as one array [n,...]. @throws ShapeError where sizes differ */
function stages(features: readonly Feature[]): [string, Tensor][] {
  const numbers = [...new Set(features.map((f) => f.stage))];
  return numbers.map((stage) => [`stage${stage}`, stackOf(features.filter((f) => f.stage === stage))]);
}

function stackOf(features: readonly Feature[]): Tensor {
  const [first] = features;
  const item = first.shape.slice(1);
  const other = features.find((f) => String(f.shape.slice(1)) !== String(item));
  if (other) {
    const found = `${first.input} gives [${item}] and ${other.input} [${other.shape.slice(1)}]`;
    throw new ShapeError("SHAPE_MISMATCH", `one array holds features of one shape: ${found}; write .json or .jsonl`);
  }
  const rows = features.reduce((sum, f) => sum + f.shape[0], 0);
  return stack(
    features.map(({ data }) => data),
    ...[rows, ...item],
  );
}

interface ExtractFlags extends InputFlags, Pick<ModelOptions, "outType" | "outIndices" | "finalNorm"> {
  readonly normalize?: boolean;
  readonly out?: string;
  readonly profile?: boolean;
}

const endings = Object.keys(encoders);

export function extractCommand(define: Define): Command {
  const command = new Command("extract")
    .description("features of images")
    .addOption(choiceOption("--out-type <type>", "which features", ["raw", "cls_token", "featmap", "avg_featmap"]))
    .addOption(listOption("--out-indices <list>", "blocks, from 0 or from the end; default -1", ",", "0,-1"))
    .option("--final-norm", "normalise after the last block")
    .option("--no-final-norm", "do not")
    .option("--normalize", "scale vectors to length 1")
    .addOption(targetOption("--out <file>", `write the features (${endings.join(", ")})`, endings))
    .option("--profile", "run the first input once more, and show time, FLOPs and bytes of each operation");
  return define(addInputOptions(command), extractWork);
}

async function extractWork(context: Context, [args]: [string[]], flags: ExtractFlags) {
  const { out, outType, finalNorm, interpolation, strict } = flags;
  const encode = out === undefined ? undefined : encoders[extensionOf(out)];
  const inputs = await Inputs.of(args, context);
  using model = await openModel(flags, context, { outType, finalNorm, interpolation });
  const stages = stagesOf(model, flags);

  const started = performance.now();
  const outputs: Record<string, unknown>[] = [];
  const kept: Feature[] = [];
  let first: Tensor | undefined;
  for await (const batch of inputs.batches(model, flags.batchSize)) {
    first ??= batch[0].value;
    for (const feature of await featuresOf(batch, model, stages, flags, context.signal)) {
      const { input, stage, shape, data } = feature;
      outputs.push({ input, stage, shape, ...summary(data) });
      if (encode) kept.push(feature);
    }
  }
  const ms = performance.now() - started;
  const profile =
    flags.profile && first ? await model.profile(first, { outIndices: stages, signal: context.signal }) : undefined;

  const about = modelFields(model);
  const { device: _, ...facts } = about;
  await writeFile(out, () => encode!(kept, facts), context);
  const { skipped } = inputs;
  const fields = { outputs, skipped, ms, out: out ?? null, profile };
  const n = outputs.length / stages.length;
  const lines = ["", outputTable(outputs), "", `${workText(n, "input", skipped, ms)} (${(ms / n).toFixed(1)} ms each)`];
  if (profile) lines.push("", profileTable(profile), "");
  return { about, fields, lines, files: [out], incomplete: strict && skipped.length > 0 };
}

/** The blocks asked for, in the order in which the model gives them. */
function stagesOf({ config }: Model, { outIndices = [-1], out }: ExtractFlags): number[] {
  const stages = outIndices.map((i) => (i < 0 ? i + config.numLayers : i));
  const outside = stages.findIndex((i) => i < 0 || i >= config.numLayers);
  if (outside >= 0) {
    const range = `${-config.numLayers} to ${config.numLayers - 1}`;
    misuse(`--out-indices must be from ${range}, got ${outIndices[outside]}`);
  }
  const unique = [...new Set(stages)].sort((a, b) => a - b);
  if (unique.length > 1 && out?.toLowerCase().endsWith(".npy")) {
    const found = `--out-indices has ${unique.length}`;
    misuse(`--out: a .npy file holds one stage, ${found}; write .npz or .safetensors`);
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
  const tensors = batch.map(({ value }) => value);
  const results = await model.extractFeat(tensors, { outIndices: stages, normalize, signal });
  return batch.flatMap(({ path: input, value }, i) =>
    results.map(({ data, shape }, k) => {
      const size = data.length / batch.length;
      const own = data.slice(i * size, (i + 1) * size);
      return { input, stage: stages[k], shape: [value.shape[0], ...shape.slice(1)], data: own };
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
