/** What a platform gives for downloads: a place that keeps files, whole ones and unfinished ones. */

import type { ByteSource } from "./types.js";

/** What is recorded of a download beside its bytes. Holds no query, which may be a secret. */
export interface Kept {
  readonly url: string;
  /** Of the whole file, where the server said so or the file is whole. */
  readonly size?: number;
  /** What tells this version of the file from others, as the server said: ETag and Last-Modified. */
  readonly etag?: string;
  readonly modified?: string;
  /** Of the whole file, computed as it came; in hexadecimal. */
  readonly sha256?: string;
}

/** Names of files are `nameOf` (hashes.ts): letters, digits, `.`, `_` and `-` alone. */
export interface Store {
  /** For messages. */
  readonly place: string;
  /** Whether requests may carry If-Range, which browsers send to other origins only after asking. */
  readonly conditional: boolean;
  /** Runs `work` while nobody else, in this process or another, does so for this name. @throws FileError; AbortError */
  lock<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** A whole file, not verified. @throws FileError where it is there and cannot be opened */
  find(name: string): Promise<Found | undefined>;
  /** The unfinished download that somebody left, or a new one. Only under the lock. @throws FileError */
  begin(name: string): Promise<Unfinished>;
}

export interface Found {
  readonly source: ByteSource;
  /** Where the file system has it. */
  readonly path?: string;
  /** Undefined where nothing legible is recorded. */
  readonly kept?: Kept;
}

/** A file while it is downloaded. All methods throw FileErrors, which say what the disk or the browser refused. */
export interface Unfinished {
  readonly size: number;
  readonly kept?: Kept;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Drops the bytes, and records what will come. */
  restart(kept: Kept): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** Makes it the whole file of its name, at once for whoever looks. */
  finish(kept: Kept): Promise<void>;
  /** Leaves it to whoever begins again. After `finish` it does nothing. */
  close(): Promise<void>;
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
