/** The bytes of a model's weights: published ones and those of URLs are downloaded once and kept, all others opened where they are. */

import { FileError, OptionError } from "../../gpu/errors.js";
import { findModel } from "../config/registry.js";
import { fetchFile } from "../io/cache.js";
import { expectedOf, verify } from "../io/hashes.js";
import { isUrl } from "../io/http.js";
import { type EncodedImage, openBytes } from "../io/open.js";
import type { ByteSource, UrlOptions } from "../io/types.js";
import type { Platform } from "./platform.js";

/** How weights that lie behind a URL are had. */
export interface DownloadOptions {
  /** Ask no server: what was not downloaded before is an error. Default false. */
  readonly offline?: boolean;
  /**
   * Where downloads come from instead, as in mmpretrain: a regular expression, and what its matches in the URL are replaced by (`$1` or
   * `\1` for a group). The result is a URL or, in Node, a path. The hash in the published name is checked all the same.
   */
  readonly urlMapping?: readonly [pattern: string | RegExp, replacement: string];
  /** SHA-256 of the weights' file as in subresource integrity: `sha256-` and base64. Also checked for files, bytes and Blobs. */
  readonly integrity?: string;
}

export type WeightsOptions = DownloadOptions & UrlOptions;

/** The URL of a registered model's published checkpoint. @throws OptionError */
export function publishedUrl(model: string | undefined): string {
  const { name, weights } = model === undefined ? { name: "this model", weights: undefined } : findModel(model);
  if (weights) return weights;
  const choices = "procedural, init:SEED, or a .safetensors file";
  throw new OptionError(
    "OPT_VALUE",
    `weights pretrained: ${name} has no published checkpoint; the choices are ${choices}`,
  );
}

/** Opens weights. `name`: the registered model whose published checkpoint "pretrained" is. @throws OptionError, FileError; AbortError */
export async function openWeights(
  platform: Platform,
  weights: EncodedImage,
  options: WeightsOptions,
  name?: string,
): Promise<ByteSource> {
  const from = weights === "pretrained" ? publishedUrl(name) : weights;
  const url = isUrl(from) ? String(from) : undefined;
  const mirror = url && mapped(url, options.urlMapping);
  if (url !== undefined && (mirror === undefined || isUrl(mirror))) {
    return (await fetchFile(platform, url, { ...options, mirror })).source;
  }
  const source = await openBytes(platform, mirror ?? from, options);
  const expected = expectedOf(url ? new URL(url).pathname : "", options.integrity);
  if (!expected.start && !expected.whole) return source;
  try {
    const { wrong } = await verify(platform, source, undefined, expected, options.signal);
    if (wrong !== undefined) throw new FileError("HASH_MISMATCH", `${source.name}: ${wrong}`);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** @throws OptionError if the mapping is none */
export function mapped(url: string, mapping: DownloadOptions["urlMapping"]): string | undefined {
  if (mapping === undefined) return undefined;
  const [pattern, replacement] = Array.isArray(mapping) ? mapping : [];
  if (!(typeof pattern === "string" || pattern instanceof RegExp) || typeof replacement !== "string") {
    throw new OptionError("OPT_VALUE", "urlMapping: expected [pattern, replacement], a regular expression and a text");
  }
  try {
    const every = pattern instanceof RegExp ? pattern : new RegExp(pattern, "g");
    return url.replace(every, replacement.replace(/\\(\d)/g, "$$$1"));
  } catch (cause) {
    throw new OptionError("OPT_VALUE", `urlMapping: ${(cause as Error).message}`, { cause });
  }
}
