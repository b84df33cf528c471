/** What the bytes of a file must be: hashes in names, in `integrity` and in records, and whether a file has them. */

import { FileError, OptionError } from "../../gpu/errors.js";
import type { ByteSource, IoPlatform, Kept } from "./types.js";

/** What is known of the SHA-256 of a file before it is there. */
export interface Expected {
  /** Its first digits, from the name. */
  readonly start?: string;
  /** It is one of these, from `integrity`. */
  readonly whole?: readonly string[];
}

/** A date such as 20221101 stands where others have the hash; one hash in 60,000 looks like that. */
const DATE = /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;

/** OpenMMLab's names of checkpoints end in the first eight digits of the hash: `-6dfc8bf3.pth`. */
export function expectedOf(path: string, integrity?: string): Expected {
  const start = /-([0-9a-f]{8})\.pth$/.exec(path)?.[1];
  return {
    start: start && !DATE.test(start) ? start : undefined,
    whole: integrity === undefined ? undefined : parseIntegrity(integrity),
  };
}

/** The hashes of a subresource integrity string. @throws OptionError */
function parseIntegrity(integrity: string): string[] {
  return String(integrity)
    .trim()
    .split(/\s+/)
    .map((part) => {
      const base64 = /^sha256-([A-Za-z0-9+/]{43}=)$/.exec(part)?.[1];
      if (base64) return toHex(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
      const wanted = "expected sha256- and the hash in base64, 44 characters";
      throw new OptionError("OPT_VALUE", `integrity: ${wanted}, got ${JSON.stringify(part.slice(0, 80))}`);
    });
}

/** In hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Why a file with this hash is not the one expected; undefined if it is. */
export function mismatch(sha256: string, { start, whole }: Expected): string | undefined {
  if (start && !sha256.startsWith(start)) return `its SHA-256 is ${sha256}, its name says ${start}...`;
  if (whole && !whole.includes(sha256)) return `its SHA-256 is ${sha256}, integrity says ${whole.join(" or ")}`;
  return undefined;
}

/** How much is read and hashed at once: short enough for a page to stay alive. */
const BLOCK = 2 ** 20;

/** SHA-256 of all bytes. @throws FileError; AbortError */
export async function hashOf(platform: IoPlatform, source: ByteSource, signal?: AbortSignal): Promise<string> {
  const hash = platform.sha256();
  for (let at = 0; at < source.size; at += BLOCK) {
    signal?.throwIfAborted();
    hash.update(await source.read(at, Math.min(BLOCK, source.size - at)));
  }
  return hash.hex();
}

/** The hash of a kept file, or why it must not be used. @throws AbortError */
export async function verify(
  platform: IoPlatform,
  source: ByteSource,
  kept: Kept | undefined,
  expected: Expected,
  signal?: AbortSignal,
): Promise<{ sha256?: string; wrong?: string }> {
  if (!kept?.sha256 && !expected.start && !expected.whole) return { wrong: "nothing is recorded of it" };
  if (kept?.size !== undefined && kept.size !== source.size) {
    return { wrong: `it has ${source.size} bytes instead of ${kept.size}` };
  }
  try {
    const sha256 = await hashOf(platform, source, signal);
    const wrong =
      kept?.sha256 && kept.sha256 !== sha256
        ? `its SHA-256 is ${sha256}, recorded is ${kept.sha256}`
        : mismatch(sha256, expected);
    return wrong ? { wrong } : { sha256 };
  } catch (error) {
    if (error instanceof FileError) return { wrong: error.message };
    throw error;
  }
}

/** The record in a text, if it is one. */
export function parseKept(text: string): Kept | undefined {
  try {
    const { url, size, etag, modified, sha256 } = JSON.parse(text);
    const texts = [etag, modified, sha256].every((value) => value === undefined || typeof value === "string");
    const sized = size === undefined || (Number.isSafeInteger(size) && size >= 0);
    return typeof url === "string" && texts && sized ? { url, size, etag, modified, sha256 } : undefined;
  } catch {
    return undefined;
  }
}
