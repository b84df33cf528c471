/** Options that several commands share, and how option values are read. */

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Command, Option } from "commander";
import { didYouMean } from "../base/check.js";
import {
  type DeviceOptions,
  embeddedClassifier,
  type Formats,
  getModel,
  listModels,
  type Model,
  type ModelOptions,
  modelConfigOf,
  modelInfo,
  type PartialConfig,
  type PresetName,
  presetNames,
} from "../entries/node.js";
import { readBytes } from "../platform/node-files.js";
import { misuse } from "./errors.js";
import type { Context } from "./output.js";
import { endsIn, isRemote, pathOf } from "./read.js";

/** An option whose value is not what it must be. @throws OptionError */
function wrong(option: string, what: string, text: string): never {
  misuse(`${option} must be ${what}, got ${JSON.stringify(text)}`);
}

const nameOf = (flags: string) => flags.split(" ")[0];

/** An option whose value is a whole number. */
export function integerOption(flags: string, help: string, from: number, to: number): Option {
  return new Option(flags, help).argParser((text: string) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= from && value <= to)) wrong(nameOf(flags), `a whole number from ${from} to ${to}`, text);
    return value;
  });
}

/** An option whose value is one of a few words. */
export function choiceOption(flags: string, help: string, choices: readonly string[]): Option {
  return new Option(flags, `${help} (${choices.join(", ")})`).argParser((text: string) => {
    if (choices.includes(text)) return text;
    misuse(
      `${nameOf(flags)} must be one of ${choices.join(", ")}, got ${JSON.stringify(text)}${didYouMean(text, choices)}`,
    );
  });
}

/** An option whose value is a list of whole numbers between `separator`s; `example` shows one. */
export function listOption(flags: string, help: string, separator: string, example: string): Option {
  return new Option(flags, help).argParser((text: string) => {
    const parts = text.split(separator);
    if (!parts.every((part) => /^-?\d{1,9}$/.test(part))) wrong(nameOf(flags), `whole numbers as in ${example}`, text);
    return parts.map(Number);
  });
}

/** How images are resized. */
export function interpolationOption(usual = "as the model was trained"): Option {
  const help = `how images are resized (default: ${usual})`;
  return choiceOption("--interpolation <filter>", help, ["bilinear", "bicubic"]);
}

/** Which image files are decoded. */
export function formatsOption(): Option {
  const help =
    "exact: JPEG, PNG and WebP, decoded alike everywhere. any: also GIF, TIFF, AVIF and HEIC if sharp here decodes them, without that promise";
  return choiceOption("--formats <which>", help, ["exact", "any"]).default("exact");
}

/** The largest seed of numpy's generator. */
const MAX_SEED = 2 ** 32 - 1;

export function seedOption(help: string): Option {
  return integerOption("--seed <n>", help, 0, MAX_SEED);
}

/** Options of every command that computes on a device. */
export interface DeviceFlags extends DeviceOptions {
  readonly device?: "auto" | "webgpu" | "wasm";
}

/** Options of every command that runs a model. */
export interface ModelFlags extends DeviceFlags, Pick<ModelOptions, "offline" | "preset" | "ema"> {
  readonly model?: string;
  readonly weights?: string;
  readonly batchSize?: number;
}

/** Options of commands that compute something of many images. */
export interface InputFlags extends ModelFlags, Pick<ModelOptions, "interpolation"> {
  readonly formats: Formats;
  readonly strict?: boolean;
}

const matmuls = ["tiled", "direct"];
const dtypes = ["f32", "f16", "int8"];

export function addDeviceOptions(command: Command): Command {
  const kinds = choiceOption("--device <kind>", "what computes; default: auto", ["auto", "webgpu", "wasm"]);
  const dtype = "precision; default: f32; int8 is approximate, only on WASM";
  return command
    .optionsGroup("Device:")
    .addOption(kinds.env("MASKFEAT_DEVICE"))
    .addOption(choiceOption("--dtype <type>", dtype, dtypes))
    .addOption(integerOption("--threads <n>", "threads of the WASM device (default: one per core)", 1, 64))
    .option("--turbo", "256-bit vectors on the WASM device, by an experimental switch of Node 24 or newer")
    .addOption(choiceOption("--matmul <kernel>", "how WebGPU multiplies matrices, to compare", matmuls));
}

const FILES = "a .safetensors, .safetensors.index.json, .pth or .npz file";
const MODEL =
  "a registered name (see models) or a config.json, which need --weights; or a folder, its URL, or owner/name on the Hugging Face hub; default: the embedded model";
const PRESET = "norms and pre-processing that the configuration does not say";

/** Both of them, so that without either the file's own project decides. */
export function addEmaOptions(command: Command): Command {
  return command
    .option("--ema", "averaged weights (EMA, teacher) of a file that has plain ones too; default: as its project")
    .option("--no-ema", "the plain weights of such a file");
}

export function addModelOptions(command: Command): Command {
  command
    .optionsGroup("Model:")
    .option("--model <name>", MODEL)
    .option("--weights <source>", `embedded, procedural, init:SEED, pretrained, or ${FILES} or URL`)
    .addOption(choiceOption("--preset <name>", PRESET, presetNames))
    .option("--offline", "use only the cache for weights of URLs");
  return addDeviceOptions(addEmaOptions(command)).addOption(
    integerOption("--batch-size <n>", "images that are computed together (default: 8)", 1, 4096),
  );
}

export function addInputOptions(command: Command): Command {
  command
    .argument("<inputs...>", "image files, their URLs, folders, .npy arrays, or - for a list of paths on stdin")
    .optionsGroup("Inputs:")
    .addOption(interpolationOption())
    .addOption(formatsOption())
    .option("--strict", "exit with 1 if an input was skipped");
  return addModelOptions(command);
}

type ModelSettings = Pick<ModelOptions, "outType" | "finalNorm" | "interpolation" | "classes">;

/** Loads the model that the options name, with progress. @throws as `getModel` does. */
export async function openModel(flags: ModelFlags, context: Context, more: ModelSettings = {}): Promise<Model> {
  const model = flags.model === undefined ? undefined : await resolveModel(flags.model, flags.preset);
  return load(model, flags, context, more);
}

/** The same for a classifier; without `--model` the embedded one. @throws OptionError for another kind, before its weights load */
export async function openClassifier(flags: ModelFlags, context: Context, more: ModelSettings): Promise<Model> {
  if (flags.model === undefined) {
    return load(embeddedClassifier, { ...flags, weights: flags.weights ?? "embedded" }, context, more);
  }
  const model = await resolveModel(flags.model, flags.preset);
  const classifies = () => (typeof model === "string" ? modelInfo(model).task !== null : model.kind === "classifier");
  if (hasOwnWeights(model) || classifies()) return load(model, flags, context, more);
  const choices = listModels("", { task: "Image Classification" }).join(", ");
  const what = `--model ${flags.model} is no classifier`;
  misuse(`${what}; the classifiers are ${choices}, or a configuration of kind classifier`);
}

async function load(
  model: string | PartialConfig | undefined,
  flags: ModelFlags,
  { output, signal }: Context,
  more: ModelSettings,
): Promise<Model> {
  const { weights, offline, ema, device, dtype, threads, turbo, matmul } = flags;
  checkWeights(model, flags);
  const onProgress = ({ ratio }: { ratio: number }) => output.progress("loading", Math.round(100 * ratio), 100, 0, "%");
  const preset = hasOwnWeights(model) ? flags.preset : undefined;
  const asked = { weights, offline, ema, preset, device, dtype, threads, turbo, matmul, signal, onProgress };
  const loaded = await getModel(model, { ...more, ...asked, onWarning: (warning) => output.warn(warning) });
  output.model(loaded);
  return loaded;
}

function checkWeights(model: string | PartialConfig | undefined, { weights }: ModelFlags): void {
  if (model !== undefined && weights === undefined && !hasOwnWeights(model)) {
    misuse(`--model needs --weights: procedural, init:SEED, pretrained, or ${FILES} as path or URL`, "OPT_MISSING");
  }
  if (weights?.startsWith("init:") && !(/^init:\d{1,10}$/.test(weights) && Number(weights.slice(5)) <= MAX_SEED)) {
    wrong("--weights", `init:SEED with a whole number from 0 to ${MAX_SEED}`, weights);
  }
}

/** What is no configuration and no registered name: a folder or a name on the hub, which have weights, or nothing at all. */
const hasOwnWeights = (model: string | PartialConfig | undefined) =>
  typeof model === "string" && !listModels().includes(model);

/**
 * A registered name, a JSON configuration (ours, Hugging Face's or timm's), what `getModel` takes for a folder, or a configuration file as the
 * reference names it: found by its stem, never opened. @throws OptionError
 */
async function resolveModel(model: string, preset?: PresetName): Promise<string | PartialConfig> {
  if (endsIn(model, ".json")) return readConfig(pathOf(model), preset);
  const file = basename(model.replaceAll("\\", "/"));
  const stem = file.replace(/\.(py|yaml)$/i, "");
  const named = stem !== file && listModels().find((name) => modelInfo(name).config?.endsWith(`/${file}`));
  const name = named || (stem === file ? model : modelInfo(stem).name).toLowerCase();
  if (!listModels().includes(name)) return model;
  if (preset) misuse("--preset goes with a configuration or a folder; a registered model has its own");
  return name;
}

/** A `preprocessor_config.json` is read where it lies beside. */
async function readConfig(path: string, preset?: PresetName): Promise<PartialConfig> {
  const beside = join(dirname(path), "preprocessor_config.json");
  if (isRemote(path)) misuse(`--model ${path}: a configuration is read only from a file; for a URL, give its folder`);
  const preprocessor = existsSync(beside) ? await readJson(beside) : undefined;
  return modelConfigOf(await readJson(path), { preprocessor, preset });
}

async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (cause) {
    misuse(`${path}: not valid JSON: ${(cause as Error).message}`, "OPT_VALUE", cause);
  }
}
