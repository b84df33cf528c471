/** Configurations of other projects as ours. */

import { OptionError } from "../../../gpu/errors.js";
import { checkKeys } from "../../base/check.js";
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
 * @throws OptionError if it is of another kind of model, or norms or pre-processing are neither in the files nor in a preset
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
