/** Configurations of other projects as ours, and models from a folder that has them beside the weights. */

import { FileError, OptionError } from "../../../gpu/errors.js";
import { checkKeys } from "../../base/check.js";
import type { ImagePlatform } from "../../image/image.js";
import { besideOf, openBytes } from "../../io/open.js";
import type { UrlOptions } from "../../io/types.js";
import type { PartialConfig } from "../config.js";
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
  platform: ImagePlatform,
  folder: string,
  preset?: PresetName,
  options: UrlOptions = {},
): Promise<PartialConfig> {
  const config = await readJson(platform, besideOf(folder, "config.json"), options);
  const beside = readJson(platform, besideOf(folder, "preprocessor_config.json"), options);
  const preprocessor = await beside.catch((error) => {
    if (!isMissing(error)) throw error;
  });
  return modelConfigOf(config, { preprocessor, preset });
}

/** What a folder's weights are called: one file, or the index of several. */
const weightNames = ["model.safetensors", "model.safetensors.index.json"];

/**
 * Loads what `load` makes of the folder's weights: of the first file that is there.
 * @throws FileError naming all that were looked for
 */
export async function withWeights<T>(folder: string, load: (weights: string) => Promise<T>): Promise<T> {
  for (const name of weightNames) {
    const path = String(besideOf(folder, name));
    try {
      return await load(path);
    } catch (error) {
      // a file that the index names may be what is missing, which is another matter
      if (!isMissing(error) || !error.message.startsWith(`${path}:`)) throw error;
    }
  }
  throw new FileError("FILE_NOT_FOUND", `${folder}: neither ${weightNames.join(" nor ")} is there; give weights`);
}

async function readJson(platform: ImagePlatform, from: string | URL, options: UrlOptions): Promise<unknown> {
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

const isMissing = (error: unknown): error is FileError => error instanceof FileError && error.code === "FILE_NOT_FOUND";
