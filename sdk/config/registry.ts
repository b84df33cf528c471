/** The models known by name: both models of the reference, and the same recipe in other sizes. */

import { OptionError, shownName } from "../../gpu/errors.js";
import { checkChoice, checkKeys, didYouMean } from "../base/check.js";
import { constant } from "../base/constant.js";
import { checkClasses } from "./classes.js";
import { completeConfig, type ModelConfig, type PartialConfig } from "./config.js";
import { countMacs, countParameters } from "./traced.js";

export interface ModelEntry {
  readonly name: string;
  readonly config: ModelConfig;
  /** The names of a classifier's classes, where they are the model's own. */
  readonly classes?: readonly string[];
  /** As in the reference's model index; undefined for a pre-training model. */
  readonly task?: "Image Classification";
  /** As published, in percent. */
  readonly metrics: Readonly<Record<string, number>>;
  /** URLs of the published checkpoint, configuration and training log, where there are any. */
  readonly weights?: string;
  readonly configUrl?: string;
  readonly log?: string;
  /** The first digits of the checkpoint's SHA-256, 8 or more. */
  readonly sha256?: string;
}

/** A model to register: its configuration may leave out what the base recipe has. */
export type NewModel = Omit<ModelEntry, "config" | "metrics"> & {
  readonly config: PartialConfig;
  readonly metrics?: ModelEntry["metrics"];
};

/** What `listModels` and the command `models` tell about a model. */
export interface ModelInfo {
  readonly name: string;
  readonly task: "Image Classification" | null;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Multiply-adds of `extractFeat` on one image, counted as mmengine does. */
  readonly macs: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly weights: string | null;
  /** The first digits of the checkpoint's SHA-256. */
  readonly sha256: string | null;
  readonly config: string | null;
  readonly log: string | null;
}

const published =
  "https://download.openmmlab.com/mmselfsup/1.x/maskfeat/maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k/";
const configs = "https://github.com/open-mmlab/mmpretrain/blob/v1.2.0/configs/maskfeat/";
const pretrainFile = constant(() => `${published}maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k_20221101-6dfc8bf3`);
const classifierFile = constant(
  () => `${published}vit-base-p16_ft-8xb256-coslr-100e_in1k/vit-base-p16_ft-8xb256-coslr-100e_in1k_20221028-5134431c`,
);

const classifies = { task: "Image Classification" } as const;
const imagenet = { kind: "classifier", dataset: "imagenet-1k" } as const;

function entry(name: string, config: PartialConfig, more: Partial<ModelEntry> = {}): ModelEntry {
  return { name, config: completeConfig(config), metrics: {}, ...more };
}

/** A model of PySlowFast's, with the name of its configuration; a classifier with its accuracy. */
function slowfast(name: string, size: PartialConfig, file: string, accuracy?: number): ModelEntry {
  const configUrl = `https://github.com/facebookresearch/SlowFast/blob/main/configs/masked_ssl/in1k_${file}.yaml`;
  const kind = accuracy === undefined ? ({ kind: "pretrain" } as const) : imagenet;
  const more = accuracy === undefined ? {} : { ...classifies, metrics: { "Top 1 Accuracy": accuracy } };
  return entry(name, { preset: "pyslowfast", ...kind, ...size }, { ...more, configUrl });
}

/** What `getModel()` loads. */
export const embedded = { model: "maskfeat_vit-tiny-p16", weights: "procedural", trained: false } as const;

/** The same as a classifier, which has embedded weights too. */
export const embeddedClassifier = "vit-tiny-p16_maskfeat-pre";

const tiny = { embedDims: 192, numLayers: 12, numHeads: 3, feedforwardChannels: 768 };

const large = { embedDims: 1024, numLayers: 24, numHeads: 16, feedforwardChannels: 4096 } as const;

const entries = constant((): ModelEntry[] => [
  entry(
    "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k",
    { kind: "pretrain" },
    {
      weights: `${pretrainFile}.pth`,
      sha256: "6dfc8bf3",
      configUrl: `${configs}maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k.py`,
      log: `${pretrainFile}.json`,
    },
  ),
  entry("vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k", imagenet, {
    ...classifies,
    metrics: { "Top 1 Accuracy": 83.4 },
    weights: `${classifierFile}.pth`,
    sha256: "5134431c",
    configUrl: `${configs}benchmarks/vit-base-p16_8xb256-coslr-100e_in1k.py`,
    log: `${classifierFile}.json`,
  }),
  entry(embedded.model, tiny),
  entry(
    embeddedClassifier,
    { ...tiny, kind: "classifier", numClasses: 10 },
    { ...classifies, classes: Array.from({ length: 10 }, (_, label) => `class ${label}`) },
  ),
  entry("maskfeat_vit-small-p16", { embedDims: 384, numLayers: 12, numHeads: 6, feedforwardChannels: 1536 }),
  entry("maskfeat_vit-large-p16", large),
  slowfast("maskfeat_vit-base-p16_pyslowfast-1600e_in1k", {}, "VIT_B_MaskFeat_PT"),
  slowfast("maskfeat_vit-large-p16_pyslowfast-1600e_in1k", large, "VIT_L_MaskFeat_PT"),
  slowfast("vit-base-p16_maskfeat-pre_pyslowfast-100e_in1k", {}, "VIT_B_MaskFeat_FT", 84),
  slowfast("vit-large-p16_maskfeat-pre_pyslowfast-50e_in1k", large, "VIT_L_MaskFeat_FT", 85.7),
]);

const newKeys: readonly (keyof NewModel)[] = [
  "name",
  "config",
  "classes",
  "task",
  "metrics",
  "weights",
  "configUrl",
  "log",
  "sha256",
];

/**
 * Adds a model of your own to those known by name, for as long as the program runs.
 * @throws OptionError if the name is taken or no name, or the configuration, a URL, a hash or a metric is not what it should be
 */
export function registerModel(model: NewModel): void {
  const refuse = (what: string): never => {
    throw new OptionError("OPT_VALUE", `registerModel: ${what}`);
  };
  if (typeof model !== "object" || model === null) refuse("expected { name, config, ... }");
  checkKeys("registerModel", model, newKeys);
  const { name, config, classes, metrics = {}, task, sha256, weights, configUrl, log } = model;
  if (typeof name !== "string" || !/^[a-z0-9][\w.-]*$/.test(name) || name !== name.toLowerCase()) {
    refuse(`a name is small letters, digits, ".", "_" and "-", got ${JSON.stringify(name)}`);
  }
  if (/\.(json|py)$/.test(name) || name === "custom") refuse(`${name} would be taken for something else`);
  if (entries.some((e) => e.name === name)) refuse(`${name} is already registered`);
  if (task !== undefined) checkChoice("registerModel: task", task, ["Image Classification"]);
  if (!Object.values(metrics).every(Number.isFinite)) refuse("metrics must be numbers");
  if (sha256 !== undefined && !/^[0-9a-f]{8,64}$/.test(sha256)) refuse("sha256 must be 8 to 64 hexadecimal digits");
  for (const [key, url] of Object.entries({ weights, configUrl, log })) {
    if (url !== undefined && !/^https?:/.test(url))
      refuse(`${key} must be a http or https URL, got ${JSON.stringify(url)}`);
  }
  const complete = completeConfig(config);
  checkClasses(classes, complete);
  entries.push({ ...model, metrics, config: complete });
}

export const isRegistered = (name: string): boolean => entries.some((e) => e.name === name.toLowerCase());

/**
 * The registered model of this name.
 * @throws OptionError (MODEL_UNKNOWN) listing the names.
 */
export function findModel(name: string): ModelEntry {
  const found = entries.find((e) => e.name === name.toLowerCase());
  if (!found) {
    const names = entries.map((e) => e.name);
    const what = `no model is named ${JSON.stringify(shownName(name))}${didYouMean(name, names)}`;
    throw new OptionError("MODEL_UNKNOWN", `${what}; the models are ${names.join(", ")}; no such folder is there`);
  }
  return found;
}

/** A shell pattern (`*`, `?`, `[ab]`, `[!ab]`, as Python's fnmatch) as a regular expression over whole names. */
function fnmatch(pattern: string): RegExp {
  const source = pattern.replace(
    /\[(!?)([^\]]+)\]|[\s\S]/g,
    (token, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not ? "^" : ""}${set.replace(/[\\^[]/g, "\\$&")}]`;
      if (token === "*") return "[\\s\\S]*";
      if (token === "?") return "[\\s\\S]";
      return token.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
    },
  );
  return new RegExp(`^${source}$`);
}

export interface ListOptions {
  /** Patterns of names to leave out; `*` is appended to each. */
  readonly excludePatterns?: readonly string[];
  /** "Image Classification", or "null" for models without a task. */
  readonly task?: string;
}

/**
 * Names of the registered models, sorted. `pattern` is a shell pattern with `*` appended, as in mmpretrain's `list_models`:
 * "maskfeat" finds names that begin so, "*maskfeat" those that contain it. @throws OptionError
 */
export function listModels(pattern = "", options: ListOptions = {}): string[] {
  checkKeys("listModels", options, ["excludePatterns", "task"]);
  const { excludePatterns = [], task } = options;
  if (task !== undefined) checkChoice("listModels: task", task, [classifies.task, "null"]);
  const wanted = fnmatch(`${pattern}*`);
  const excluded = excludePatterns.map((p) => fnmatch(`${p}*`));
  return entries
    .filter((e) => wanted.test(e.name) && !excluded.some((x) => x.test(e.name)))
    .filter((e) => task === undefined || String(e.task ?? null) === task)
    .map((e) => e.name)
    .sort();
}

/** Facts about a registered model. @throws OptionError (MODEL_UNKNOWN) */
export function modelInfo(name: string): ModelInfo {
  const entry = findModel(name);
  const { config, configUrl = null, task = null, weights = null, sha256 = null, log = null } = entry;
  const counts = { parameters: countParameters(config), macs: countMacs(config) };
  return { name: entry.name, task, ...counts, metrics: entry.metrics, weights, sha256, config: configUrl, log };
}
