/** Brings a file behind a URL into memory or a store: from where an earlier connection or process stopped, if it is the same version. */

import { type Answer, abortable, ask, broken, checkedUrl, type Exchange, notTheFile, type Remote } from "./http.js";
import { blobSource } from "./source.js";
import type { ByteSource, IoPlatform, Kept, Unfinished, UrlOptions } from "./types.js";

export interface TransferOptions {
  readonly onProgress?: UrlOptions["onProgress"];
  /** Whether requests may carry If-Range. */
  readonly conditional?: boolean;
  /** Whether the hash is known beforehand, so that parts of two versions cannot pass for the file. */
  readonly hashKnown?: boolean;
}

/** The transfer of one file. */
export class Transfer implements Exchange<void> {
  /** What is there, and what the server said of it. */
  size: number;
  kept: Kept | undefined;
  /** Whether bytes of more than one answer are in it. */
  pieced: boolean;
  /** Progress never goes back, not even if the download begins again: bytes that come twice are no progress. */
  private shown: number;

  constructor(
    private readonly file: Unfinished,
    private readonly remote: Remote,
    private readonly options: TransferOptions = {},
  ) {
    this.size = this.shown = file.size;
    this.kept = file.kept;
    this.pieced = file.size > 0;
  }

  /** Brings what is not there yet. @throws as `ask`; FileError FILE_WRITE */
  async run(): Promise<void> {
    if (!this.resumable() || this.size !== this.kept?.size) await ask(this.remote, this);
  }

  async restart(kept: Kept = { url: this.remote.name }): Promise<void> {
    await this.file.restart(kept);
    [this.size, this.kept, this.pieced] = [0, kept, false];
  }

  /** Whether the next bytes provably belong to those that are there. */
  private resumable(): boolean {
    const { size, kept } = this;
    if (size === 0 || kept?.url !== this.remote.name || (kept.size !== undefined && size > kept.size)) return false;
    return this.options.hashKnown || kept.etag !== undefined || kept.modified !== undefined;
  }

  reached(): number {
    return this.shown;
  }

  async headers(): Promise<Record<string, string>> {
    if (!this.resumable()) await this.restart();
    const validator = this.options.conditional ? (this.kept?.etag ?? this.kept?.modified) : undefined;
    return this.size > 0 ? { Range: `bytes=${this.size}-`, ...(validator && { "If-Range": validator }) } : {};
  }

  async take(answer: Answer): Promise<void> {
    const { name } = this.remote;
    const { status, start, size, etag, modified, length } = answer;
    // Browsers hide Content-Range of other origins: there the hash, which is known, tells.
    const startsHere = start === this.size || (start === undefined && answer.hidden);
    // Ranges of a compressed answer are of no use; a cross-origin one hides whether it is compressed.
    const kept = answer.compressed || answer.hidden ? { url: name } : { url: name, size, etag, modified };
    if (status !== 206 && status !== 416) await this.restart(kept);
    else if (this.size === 0) throw notTheFile(name, "a range that was not asked for");
    else if (status === 416 || !startsHere || !sameVersion(this.kept, kept)) {
      await this.restart();
      throw broken(name, "the server has another version of the file, or no such part of it");
    } else this.pieced = true;
    const total = this.kept?.size;
    const end = total ?? (length === undefined ? undefined : this.size + length);
    for await (const bytes of answer.body) {
      await this.file.append(bytes);
      this.size += bytes.length;
      this.shown = Math.max(this.shown, this.size);
      this.options.onProgress?.(this.shown, end !== undefined && this.shown > end ? undefined : end);
    }
    if (total === undefined || this.size === total) return;
    const what = `the connection ended after ${this.size} of ${total} bytes`;
    if (this.size > total) await this.restart();
    throw broken(name, what);
  }
}

/** Browsers may hide what a server says; what both answers say must agree. */
function sameVersion(before: Kept | undefined, now: Kept): boolean {
  const keys = ["size", "etag", "modified"] as const;
  return keys.every((key) => before?.[key] === undefined || now[key] === undefined || before[key] === now[key]);
}

/** A download into a Blob, which a browser may put on disk. */
export function inMemory(name: string): Unfinished {
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  return {
    size: 0,
    async restart() {
      chunks = [];
    },
    append: async (bytes) => void chunks.push(bytes as Uint8Array<ArrayBuffer>),
    source: async () => blobSource(new Blob(chunks), name),
    finish: async () => undefined,
    close: async () => {},
  };
}

/** Opens what is behind a http or https URL, all of it at once. @throws FileError as `ask`, FILE_READ (no such URL); AbortError */
export async function openWhole(
  platform: IoPlatform,
  url: string | URL,
  { signal, onProgress }: UrlOptions = {},
): Promise<ByteSource> {
  // An image of a page is likely to be in the browser's cache.
  const remote: Remote = { platform, ...checkedUrl(url), signal, cache: "default" };
  const file = inMemory(remote.name);
  await abortable(remote.name, signal, () => new Transfer(file, remote, { onProgress }).run());
  return file.source();
}
