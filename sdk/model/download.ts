/** `download`: brings a checkpoint into the cache, without a model. */

import { checkKeys } from "../base/check.js";
import { fetchFile } from "../io/cache.js";
import type { UrlOptions } from "../io/types.js";
import { type DownloadOptions, mapped, publishedUrl } from "./files.js";
import type { Platform } from "./platform.js";

/** A kept file. */
export interface Download {
  readonly url: string;
  /** Null in browsers. */
  readonly path: string | null;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

export type DownloadCall = DownloadOptions & UrlOptions;

const optionNames: readonly (keyof DownloadCall)[] = ["offline", "urlMapping", "integrity", "signal", "onProgress"];

export async function downloadFile(
  platform: Platform,
  from: string | URL,
  options: DownloadCall = {},
): Promise<Download> {
  checkKeys("download", options, optionNames);
  // A name holds no colon, so that what does is a URL, right or wrong.
  const url = String(from).includes(":") ? String(from) : publishedUrl(String(from));
  const mirror = mapped(url, options.urlMapping);
  const { source, path, sha256 } = await fetchFile(platform, url, { ...options, mirror });
  await source.close();
  return { url: source.name, path: path ?? null, bytes: source.size, sha256 };
}
