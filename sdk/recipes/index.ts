/** Configurations of other projects as ours, and models from a folder that has them beside the weights. */

import { FileError, OptionError } from "../../gpu/errors.js";
import { checkKeys } from "../check.js";
import type { UrlOptions } from "../checkpoint/source.js";
import type { PartialConfig } from "../config.js";
import { besideOf, openBytes } from "../inputs.js";
import type { Platform } from "../platform/types.js";
import { findPreset, type PresetName } from "../presets.js";
import { huggingfaceConfig } from "./huggingface.js";
import { timmConfig } from "./timm.js";

export interface ConfigOptions {
  /** Hugging Face's `preprocessor_config.json`, parsed. */
  readonly preprocessor?: unknown;
  /** Norms and pre-processing where the files do not say them. */
  readonly preset?: PresetName;
}

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null && !Array.isArray(x);

/**
 * A configuration for `getModel` from a parsed `config.json`: Hugging Face's of a ViT (with its `preprocessor_config.json`), timm's, or one
 * of our own, which stays as it is.
 * @throws OptionError where it is of another kind of model, or norms or pre-processing are neither in the files nor in a preset
 */
export function modelConfigOf(config: unknown, options: ConfigOptions = {}): PartialConfig {
  checkKeys("modelConfigOf", options, ["preprocessor", "preset"]);
  const { preprocessor, preset } = options;
  if (preset !== undefined) findPreset(preset);
  if (!isObject(config)) throw new OptionError("OPT_VALUE", "config.json: expected an object");
  if (preprocessor !== undefined && !isObject(preprocessor)) {
    throw new OptionError("OPT_VALUE", "preprocessor_config.json: expected an object");
  }
  if ("architecture" in config) return timmConfig(config, preset);
  if ("model_type" in config) return huggingfaceConfig(config, preprocessor, preset);
  return preset ? { preset, ...config } : config;
}

/** Whether a model is asked for by where it is rather than by its name. */
export const isFolder = (model: unknown): model is string => typeof model === "string" && /[/\\]$/.test(model);

/** Reads `config.json` and, where there is one, `preprocessor_config.json` of a folder. @throws FileError, OptionError */
export async function readFolder(
  platform: Platform,
  folder: string,
  preset?: PresetName,
  options: UrlOptions = {},
): Promise<PartialConfig> {
  const config = await readJson(platform, besideOf(folder, "config.json"), options);
  const name = besideOf(folder, "preprocessor_config.json");
  return modelConfigOf(config, { preprocessor: await optional(readJson(platform, name, options)), preset });
}

/** The weights of a folder: one file, or the index of several. @throws FileError naming both where neither is there */
export async function weightsOf(platform: Platform, folder: string, options: UrlOptions = {}): Promise<string> {
  const names = ["model.safetensors", "model.safetensors.index.json"];
  for (const name of names) {
    const path = String(besideOf(folder, name));
    if (await exists(platform, path, options)) return path;
  }
  throw new FileError("FILE_NOT_FOUND", `${folder}: neither ${names.join(" nor ")} is there; give weights`);
}

async function exists(platform: Platform, path: string, { signal }: UrlOptions): Promise<boolean> {
  if (/^https?:/.test(path)) {
    const found = await fetch(path, { method: "HEAD", signal }).catch(() => undefined);
    signal?.throwIfAborted();
    return found?.ok ?? false;
  }
  return (await optional(platform.openFile(path).then((file) => file.close().then(() => true)))) ?? false;
}

async function readJson(platform: Platform, from: string | URL, options: UrlOptions): Promise<unknown> {
  const source = await openBytes(platform, from, { signal: options.signal });
  try {
    return JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new OptionError("OPT_VALUE", `${source.name}: not valid JSON: ${cause.message}`, { cause });
  } finally {
    await source.close();
  }
}

/** Undefined where the file is not there. */
async function optional<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error) => {
    if (error instanceof FileError && error.code === "FILE_NOT_FOUND") return undefined;
    throw error;
  });
}
