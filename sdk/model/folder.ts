/** Models that are asked for by where they are: a folder by path or URL, or a repository of the Hugging Face hub. */

import { FileError, OptionError } from "../../gpu/errors.js";
import type { PartialConfig } from "../config/config.js";
import type { PresetName } from "../config/presets.js";
import { modelConfigOf } from "../config/recipes/index.js";
import { isRegistered } from "../config/registry.js";
import { checkedUrl, isUrl } from "../io/http.js";
import { besideOf } from "../io/open.js";
import { openWeights, type WeightsOptions } from "./files.js";
import type { Platform } from "./platform.js";

/** Where a model's files are. */
export interface Folder {
  /** As it was asked for. */
  readonly name: string;
  /** Whether it is looked for on the hub. */
  readonly onHub: boolean;
  /** Path or URL of a file in it. */
  file(name: string): Promise<string | URL>;
}

/** The Hugging Face hub. */
export const HUB = "https://huggingface.co";

/**
 * The folder that `model` names; undefined for a registered name, and for what can only be one. A name with a slash that is no folder here is
 * `owner/name` on the hub.
 * @throws FileError for a path if no folder is
 */
export async function folderOf(platform: Platform, model: unknown): Promise<Folder | undefined> {
  if (!(typeof model === "string" || model instanceof URL)) return undefined;
  const name = String(model);
  const at = (folder: string | URL, onHub = false): Folder => ({
    name,
    onHub,
    file: async (file) => besideOf(folder, file),
  });
  if (isUrl(name) || /^file:/i.test(name)) {
    const url = new URL(isUrl(name) ? checkedUrl(name).href : name);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return at(url);
  }
  if (isRegistered(name)) return undefined;
  if (/[/\\]$/.test(name)) return at(name);
  if (await platform.isFolder?.(name)) return at(`${name}/`);
  if (/^(\.{0,2}[/\\]|[a-z]:[/\\])/i.test(name)) {
    // a page cannot look
    if (!platform.isFolder) return at(`${name}/`);
    const wanted = "give a folder with config.json and model.safetensors; a file of weights goes to the option weights";
    throw new FileError("FILE_NOT_FOUND", `${name}: no such folder; ${wanted}`);
  }
  if (!/^\w[\w.-]*\/\w[\w.-]*$/.test(name)) return undefined;
  const hub = await platform.hub?.(name);
  const remote = at(hub?.url ?? `${HUB}/${name}/resolve/main/`, true);
  return { ...remote, file: async (file) => (await hub?.find(file)) ?? remote.file(file) };
}

/**
 * Reads `config.json` and, if it is there, `preprocessor_config.json`. Those of URLs are kept as weights are.
 * @throws FileError, OptionError; AbortError
 */
export async function readFolder(
  platform: Platform,
  folder: Folder,
  options: WeightsOptions,
  preset?: PresetName,
): Promise<PartialConfig> {
  const read = async (name: string) => readJson(platform, await folder.file(name), options);
  const config = await read("config.json").catch((error) => {
    throw folder.onHub && error instanceof FileError ? notOnHub(folder, error) : error;
  });
  const preprocessor = await read("preprocessor_config.json").catch((error) => {
    if (!isMissing(error)) throw error;
  });
  return modelConfigOf(config, { preprocessor, preset });
}

function notOnHub({ name }: Folder, error: FileError): FileError {
  const here = "neither a registered model nor a folder here, so it was looked for on the Hugging Face hub";
  const hint = /\b40[134]\b/.test(error.message) ? "; a private one needs HF_TOKEN" : "";
  return new FileError(error.code, `${name}: ${here}: ${error.message}${hint}`, { cause: error });
}

/** What a folder's weights are called: one file, or the index of several. */
const weightNames = ["model.safetensors", "model.safetensors.index.json"];

/**
 * Loads what `load` makes of the folder's weights: of the first file that is there.
 * @throws FileError naming all that were looked for
 */
export async function withWeights<T>(folder: Folder, load: (weights: string | URL) => Promise<T>): Promise<T> {
  let offline: FileError | undefined;
  for (const name of weightNames) {
    try {
      return await load(await folder.file(name));
    } catch (error) {
      // a file that the index names may be what is missing, which is another matter
      if (!isMissing(error) || !error.message.includes(`${name}: `)) throw error;
      if (error.code === "NET_OFFLINE") offline ??= error;
    }
  }
  const looked = `neither ${weightNames.join(" nor ")} is there`;
  throw offline ?? new FileError("FILE_NOT_FOUND", `${folder.name}: ${looked}; give weights`);
}

async function readJson(platform: Platform, from: string | URL, options: WeightsOptions): Promise<unknown> {
  const source = await openWeights(platform, from, options);
  try {
    return JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new OptionError("OPT_VALUE", `${source.name}: not valid JSON: ${cause.message}`, { cause });
  } finally {
    await source.close();
  }
}

/** Offline, a file of a URL that was never there is as one that was not downloaded. */
const isMissing = (error: unknown): error is FileError =>
  error instanceof FileError && ["FILE_NOT_FOUND", "NET_OFFLINE"].includes(error.code);
