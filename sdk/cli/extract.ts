/** The command `extract`: embeddings or other features of images, computed in batches, and the files that it writes of them. */

import { Command, Option } from "commander";
import type { Model, ModelOptions, OpProfile, Tensor } from "../entries/node.js";
import { misuse } from "./errors.js";
import { encode, featuresIn, outputTable, piped, Seen, type Stages, sizeOf } from "./features.js";
import { checkTarget, extensionOf } from "./files.js";
import { Inputs, type Item } from "./inputs.js";
import { addInputOptions, choiceOption, type InputFlags, listOption, openModel } from "./options.js";
import { type Context, type Define, modelFields, summary, table, workText } from "./output.js";
import type { Entry } from "./partial.js";
import { eachResult } from "./results.js";

type OutType = "embedding" | NonNullable<ModelOptions["outType"]>;

interface ExtractFlags extends InputFlags, Pick<ModelOptions, "outIndices" | "finalNorm"> {
  readonly outType: OutType;
  readonly normalize?: boolean;
  readonly out?: string;
  readonly format?: "jsonl" | "npy";
  readonly profile?: boolean;
}

const outTypes: readonly OutType[] = ["embedding", "avg_featmap", "cls_token", "raw", "featmap"];
const endings = [".npy", ".npz", ".safetensors", ".json", ".jsonl"];
/** Those that hold one array of all rows. */
const arrays = endings.slice(0, 3);

export function extractCommand(define: Define): Command {
  const out = new Option("--out <file>", `write the features (${endings.join(", ")}), or - for stdout`);
  const command = new Command("extract")
    .description("embeddings, or other features, of images")
    .optionsGroup("Features:")
    .addOption(choiceOption("--out-type <type>", "which features", outTypes).default("embedding"))
    .addOption(listOption("--out-indices <list>", "blocks, from 0 or from the end (default: -1)", ",", "0,-1"))
    .option("--final-norm", "normalise after the last block (default: as the model's configuration)")
    .option("--no-final-norm", "do not")
    .option("--normalize", "scale vectors to length 1")
    .optionsGroup("Output:")
    .addOption(out.argParser(toTarget))
    .addOption(choiceOption("--format <format>", "with --out -: what is written (default: jsonl)", ["jsonl", "npy"]))
    .option("--profile", "run the first input once more, and show time, FLOPs and bytes of each operation");
  return define(addInputOptions(command), extractWork, [
    "extract bird.jpg",
    "extract photos --out features.npy         # again after an interruption: goes on",
    "extract photos/*.jpg --normalize --json",
    "extract photos --out - | head -1          # a line of JSON for each input",
    "extract bird.jpg --out-type raw --out-indices 0,-1 --out stages.npz",
  ]);
}

function toTarget(path: string): string {
  if (path !== "-") checkTarget("--out", path, endings);
  return path;
}

async function extractWork(context: Context, [args]: [string[]], flags: ExtractFlags) {
  const { out, format = "jsonl", outType, finalNorm, interpolation, strict } = flags;
  checkPipe(context, flags);
  const inputs = await Inputs.of(args, context, flags);
  const own = outType === "embedding" ? undefined : outType;
  using model = await openModel(flags, context, { outType: own, finalNorm, interpolation });
  const stages = stagesOf(model, flags);
  const about = modelFields(model);
  const { device: _, ...facts } = about;

  const started = performance.now();
  const { output, signal } = context;
  const seen = new Seen(out !== undefined && arrays.includes(extensionOf(out)));
  let first: Tensor | undefined;
  const work = {
    ...{ command: "extract", inputs, model, batchSize: flags.batchSize, context },
    out: out === "-" ? undefined : out,
    options: { ...optionsOf(flags), stages },
    compute: async (batch: readonly Item[]) => {
      first ??= batch[0].value;
      const entries = await entriesOf(batch, model, stages, flags, signal);
      for (const entry of entries) seen.check(entry);
      return entries;
    },
  };
  const use = async (entry: Entry<Stages>) => {
    const features = featuresIn(entry, stages);
    seen.add(entry, features);
    for (const { input, stage, shape, data } of features) {
      await output.item(() => ({ input, stage, shape, ...summary(data) }));
      if (out === "-") await output.data(piped({ input, stage, shape, data }, format, stages.length));
    }
  };
  output.list("extract", about, "outputs");
  await eachResult(
    work,
    use,
    out === undefined || out === "-" ? undefined : (rows) => encode(out, rows, seen, stages, facts),
  );
  const ms = performance.now() - started;
  const profile = flags.profile && first ? await profileOf(model, first, stages, flags, signal) : undefined;

  const { skipped } = inputs;
  const incomplete = strict && skipped.length > 0;
  const text = `${workText(seen.count, "input", skipped, ms)}, ${seen.shapes}`;
  const profiled = profile ? ["", profileTable(profile), ""] : [];
  if (out === "-") {
    for (const line of [text, ...profiled.join("\n").split("\n").filter(Boolean)]) output.note(line);
    return { fields: {}, lines: [], incomplete };
  }
  const rows = seen.few ? ["", outputTable(seen.few), ""] : [];
  const fields = { skipped, ms, out: out ?? null, profile };
  return { about, fields, lines: [...rows, text, ...profiled], files: [out], incomplete };
}

/** @throws OptionError for options that exclude each other */
function checkPipe({ output }: Context, { out, format, outType, outIndices }: ExtractFlags): void {
  if (out === "-" && output.json) {
    misuse("--out - and --json exclude each other: both write to stdout; without --json each input is a line of JSON");
  }
  if (format !== undefined && out !== "-") misuse("--format goes with --out -; a file's name says its format");
  if (
    outIndices &&
    outIndices.length > 1 &&
    outType !== "embedding" &&
    (format === "npy" || out?.toLowerCase().endsWith(".npy"))
  ) {
    const found = `--out-indices has ${outIndices.length}`;
    misuse(`--out: a .npy file holds one stage, ${found}; write .npz or .safetensors, or JSON lines to stdout`);
  }
}

/** What the features of an input depend on beside the model. */
const optionsOf = ({ outType, normalize = false, dtype = "f32", formats, ema }: ExtractFlags) => {
  return { outType, normalize, dtype, formats, ema };
};

/** The blocks asked for, in the order in which the model gives them. @throws OptionError */
function stagesOf({ config }: Model, { outIndices = [-1], outType }: ExtractFlags): number[] {
  const last = config.numLayers - 1;
  const stages = outIndices.map((i) => (i < 0 ? i + config.numLayers : i));
  const outside = stages.findIndex((i) => i < 0 || i > last);
  if (outside >= 0) misuse(`--out-indices must be from ${-config.numLayers} to ${last}, got ${outIndices[outside]}`);
  if (outType === "embedding" && stages.some((i) => i !== last)) {
    const others = outTypes.filter((type) => type !== "embedding").join(", ");
    misuse(`--out-indices ${outIndices}: an embedding is of the last block; for others give --out-type ${others}`);
  }
  return [...new Set(stages)].sort((a, b) => a - b);
}

/** Features of each input of a batch, at all stages. */
async function entriesOf(
  batch: readonly Item[],
  model: Model,
  outIndices: readonly number[],
  { outType, normalize }: ExtractFlags,
  signal: AbortSignal,
): Promise<Entry<Stages>[]> {
  const images = batch.map(({ value }) => value);
  const results =
    outType === "embedding"
      ? [await model.embed(images, { normalize, signal })]
      : await model.extractFeat(images, { outIndices, normalize, signal });
  const items = results.map(({ shape }) => shape.slice(1));
  return batch.map(({ path: input, value }, i) => {
    const rows = value.shape[0];
    const data = new Float32Array(rows * items.reduce((sum, item) => sum + sizeOf(item), 0));
    let at = 0;
    for (const { data: all } of results) {
      const size = all.length / batch.length;
      data.set(all.subarray(i * size, (i + 1) * size), at);
      at += size;
    }
    return { input, rows, facts: { items }, data };
  });
}

function profileOf(
  model: Model,
  image: Tensor,
  outIndices: readonly number[],
  { outType }: ExtractFlags,
  signal: AbortSignal,
): Promise<OpProfile[]> {
  return model.profile(image, {
    outType: outType === "embedding" ? model.config.pooling : outType,
    outIndices,
    signal,
  });
}

function profileTable(profile: readonly OpProfile[]): string {
  const rows = profile.map(({ op, calls, dispatches, ms, flops, bytes }) => {
    return [op, calls, dispatches, ms.toFixed(3), (flops / 1e6).toFixed(1), (bytes / 1e6).toFixed(2)];
  });
  return table(["operation", "calls", "dispatches", "ms", "MFLOP", "MB moved"], rows);
}
