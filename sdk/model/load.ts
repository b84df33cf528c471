/** `getModel`: options checked, device opened, parameters loaded. */

import type { Device } from "../../gpu/device.js";
import { OptionError } from "../../gpu/errors.js";
import type { OutType } from "../../gpu/models/vit.js";
import { checkKeys } from "../base/check.js";
import type { CheckpointOptions } from "../checkpoint/types.js";
import { checkClasses, classesOf } from "../config/classes.js";
import { completeConfig, knowsSurroundings, type PartialConfig } from "../config/config.js";
import type { PresetName } from "../config/presets.js";
import { embedded, embeddedClassifier, findModel, type ModelEntry } from "../config/registry.js";
import { traceAll, traceModel } from "../config/traced.js";
import { type DeviceOptions, openDevice } from "../device/open.js";
import type { Interpolation } from "../image/transform.js";
import { useWasm } from "../wasm/core.js";
import { resolveIndices } from "./features.js";
import type { DownloadOptions } from "./files.js";
import { type Folder, folderOf, readFolder, withWeights } from "./folder.js";
import { Model } from "./model.js";
import { openParameters, upload, type Weights, weightChoices } from "./parameters.js";
import type { Platform } from "./platform.js";
import { Runner } from "./runner.js";

export interface Progress {
  /** Fetching the weights, bringing them to the device, compiling, done. */
  readonly phase: "open" | "load" | "compile" | "ready";
  /** Progress of the phase: bytes if bytes are moved, else 0 or 1. */
  readonly loaded: number;
  readonly total: number;
  /** 0 to 1 over all phases. */
  readonly ratio: number;
}

export interface ModelOptions extends DeviceOptions, DownloadOptions, CheckpointOptions {
  readonly weights?: Weights;
  /** The same as `weights: "pretrained"`. */
  readonly pretrained?: boolean;
  /** Norms and pre-processing that neither the configuration nor the files of a folder say. */
  readonly preset?: PresetName;
  /** What `extractFeat` returns unless the call says else. */
  readonly outType?: OutType;
  readonly outIndices?: readonly number[];
  readonly finalNorm?: boolean;
  readonly interpolation?: Interpolation;
  /** Names of a classifier's classes by label. Default: the checkpoint's own, else the configuration's, or those of its data set (in Node). */
  readonly classes?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told each of `model.warnings` as it arises, while the model loads and later. */
  readonly onWarning?: (warning: string) => void;
}

/** The options of `getModel`. */
export const modelOptions: readonly (keyof ModelOptions)[] = [
  "weights",
  "pretrained",
  "offline",
  "urlMapping",
  "integrity",
  "ema",
  "preset",
  "device",
  "dtype",
  "outType",
  "outIndices",
  "finalNorm",
  "interpolation",
  "classes",
  "threads",
  "wasm",
  "turbo",
  "matmul",
  "selfTest",
  "signal",
  "onProgress",
  "onWarning",
];

/** Name and configuration of what was asked for, with the options that override it. */
function resolveModel(
  model: string | PartialConfig | undefined,
  o: ModelOptions,
): Pick<ModelEntry, "name" | "config" | "classes"> {
  const entry = typeof model === "object" ? undefined : findModel(model ?? embedded.model);
  const { outType, finalNorm, interpolation } = o;
  const overrides = Object.fromEntries(
    Object.entries({ outType, finalNorm, interpolation }).filter(([, value]) => value !== undefined),
  );
  const config = completeConfig({ ...(entry?.config ?? (model as PartialConfig)), ...overrides });
  return { name: entry?.name ?? "custom", config, classes: entry?.classes };
}

function resolveWeights(model: string | PartialConfig | undefined, o: ModelOptions): Weights {
  if (o.pretrained && o.weights !== undefined && o.weights !== "pretrained") {
    throw new OptionError("OPT_VALUE", "getModel: pretrained and weights exclude each other; leave one of them out");
  }
  const weights = o.pretrained ? "pretrained" : o.weights;
  if (model !== undefined && weights === undefined) {
    throw new OptionError(
      "OPT_MISSING",
      `getModel: weights must be given with a model; the choices are ${weightChoices}`,
    );
  }
  if (weights !== undefined && weights !== "embedded") return weights;
  if (model === undefined || model === embedded.model || model === embeddedClassifier) return embedded.weights;
  throw new OptionError(
    "OPT_VALUE",
    `weights: embedded weights belong to ${embedded.model} and ${embeddedClassifier}; the choices are ${weightChoices}`,
  );
}

function withPreset(model: string | PartialConfig | undefined, preset?: PresetName): typeof model {
  if (preset === undefined) return model;
  if (typeof model === "object") return { preset, ...model };
  throw new OptionError(
    "OPT_VALUE",
    "getModel: preset belongs to a configuration or a folder; a registered model has its own",
  );
}

/** A model from a folder that holds its configuration, and its weights unless others are given. */
async function loadFolder(platform: Platform, folder: Folder, options: ModelOptions): Promise<Model> {
  const { signal, preset, weights, offline, urlMapping } = options;
  const config = await readFolder(platform, folder, { signal, offline, urlMapping }, preset);
  const load = (from: Weights) => loadModel(platform, config, { ...options, preset: undefined, weights: from });
  const own = weights === undefined && !options.pretrained;
  return own ? withWeights(folder, load) : loadModel(platform, config, { ...options, preset: undefined });
}

/**
 * Makes a model. `model`: a registered name, a configuration, a folder as path or URL that holds the `config.json` of Hugging Face or timm
 * beside `model.safetensors`, or `owner/name` on the Hugging Face hub; left out, the embedded model, `maskfeat_vit-tiny-p16`, whose weights are
 * procedural (untrained) in this version.
 * @throws OptionError, FileError, CheckpointError, NonFiniteError, DeviceError; AbortError
 */
export async function loadModel(
  platform: Platform,
  asked?: string | URL | PartialConfig,
  options: ModelOptions = {},
): Promise<Model> {
  checkKeys("getModel", options, modelOptions);
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  if (options.wasm !== undefined) useWasm(options.wasm);
  const folder = await folderOf(platform, asked);
  if (folder) return loadFolder(platform, folder, options);
  // a URL is a folder
  const model = withPreset(asked as string | PartialConfig | undefined, options.preset);
  const { name, config: given, classes: registered = given.classes } = resolveModel(model, options);
  checkClasses(options.classes, given);
  const outIndices = resolveIndices(options.outIndices ?? [-1], given.numLayers);
  const weights = resolveWeights(model, options);

  const tape = traceAll(given);
  const opening = {
    ...options,
    onProgress: (loaded: number, total = loaded) => {
      onProgress?.({ phase: "open", loaded, total, ratio: total > 0 ? (0.5 * loaded) / total : 0 });
    },
  };
  const publishedName = typeof model === "object" ? undefined : name;
  const wanted = { config: given, tape, surroundingsKnown: knowsSurroundings(model) };
  const source = await openParameters(platform, weights, wanted, opening, publishedName);
  const config = source.positions === "antialias" ? { ...given, positions: source.positions } : given;
  let device: Device | undefined;
  try {
    const classes = await classesOf(platform, config, { given: options.classes, weights: source, registered });
    const opened = await openDevice(platform, options);
    device = opened.device;
    const buffers = await upload(device, tape, source, {
      signal,
      onProgress: (loaded, total) =>
        onProgress?.({ phase: "load", loaded, total, ratio: 0.5 + (0.375 * loaded) / total }),
    });
    const made = new Model({
      platform,
      name,
      config,
      outIndices,
      classes,
      weights: source.label,
      trained: source.trained,
      warnings: source.warnings,
      onWarning: options.onWarning,
      fresh: source.filled,
      device,
      deviceInfo: opened.info,
      runner: new Runner(device, buffers, (work, shapes) => traceModel(work.name, config, shapes, work)),
    });
    onProgress?.({ phase: "compile", loaded: 0, total: 1, ratio: 0.875 });
    await made.prepare(signal);
    onProgress?.({ phase: "ready", loaded: 1, total: 1, ratio: 1 });
    return made;
  } catch (error) {
    device?.destroy();
    throw error;
  } finally {
    await source.close();
  }
}
