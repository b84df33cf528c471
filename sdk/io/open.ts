/** Opens the bytes that a caller names: memory, a Blob, a URL or a file; and the files beside them. */

import { FileError, OptionError, shownName } from "../../gpu/errors.js";
import { isUrl } from "./http.js";
import { openRanges } from "./ranges.js";
import { blobSource, bytesSource, message } from "./source.js";
import { openWhole } from "./transfer.js";
import type { ByteSource, IoPlatform, OpenOptions } from "./types.js";

/** A file: path, URL, or its bytes. */
export type EncodedImage = string | URL | Uint8Array | ArrayBuffer | Blob;

/** Opens encoded bytes wherever they are. @throws FileError: of a URL as `ask`; AbortError */
export async function openBytes(
  platform: IoPlatform,
  from: EncodedImage,
  options: OpenOptions = {},
): Promise<ByteSource> {
  if (from instanceof Uint8Array) return bytesSource(from);
  if (from instanceof ArrayBuffer) return bytesSource(new Uint8Array(from));
  if (from instanceof Blob) return blobSource(from);
  if (isInline(from)) return openInline(String(from));
  if (!isUrl(from)) return platform.openFile(from, options);
  return options.ranges ? openRanges(platform, from, options) : openWhole(platform, from, options);
}

/** URLs that hold their bytes, or name a Blob of this page or process. */
const isInline = (from: string | URL) => /^(data|blob):/i.test(String(from));

async function openInline(url: string): Promise<ByteSource> {
  try {
    return bytesSource(new Uint8Array(await (await fetch(url)).arrayBuffer()), url);
  } catch (cause) {
    throw new FileError("FILE_READ", `${shownName(url)}: cannot be read: ${message(cause)}`, { cause });
  }
}

/** The file `name` in the folder of `from`. @throws OptionError if `from` is in no folder */
export function besideOf(from: EncodedImage, name: string): string | URL {
  if ((typeof from !== "string" && !(from instanceof URL)) || isInline(from)) {
    const what = `${name} is a file beside this one: give a path or URL instead of bytes`;
    throw new OptionError("OPT_VALUE", `weights: ${what}`);
  }
  const address = String(from);
  if (!isUrl(address) && !/^file:/i.test(address)) return address.replace(/[^/\\]*$/, "") + name;
  const url = new URL(encodeURIComponent(name), address);
  // what a server asks for (a token, a revision) it asks for each file
  url.search = new URL(address).search;
  return url;
}
