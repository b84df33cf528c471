/** Brings a file into a store: again and again where the connection breaks, from where it broke. */

import { broken, retried, type TryOptions, type Watch, watched } from "./attempts.js";
import { eachBlock, instead } from "./hashes.js";
import type { IoPlatform } from "./platform.js";
import { type Answer, type Broken, refuseHtml, request, somethingElse } from "./request.js";
import type { Kept, Unfinished } from "./store.js";
import type { Hasher } from "./types.js";

export interface TransferOptions extends TryOptions {
  readonly onProgress?: (loaded: number, total: number | undefined) => void;
  /** Whether requests may carry If-Range. */
  readonly conditional: boolean;
  /** Whether the hash is known beforehand, so that parts of two versions cannot pass for the file. */
  readonly hashKnown: boolean;
}

/** As many bytes as tell what a file is. */
const HEAD = 512;

/** Downloads the rest of one file. */
export class Transfer {
  private hash: Hasher;
  private hashed = 0;
  private head = new Uint8Array(0);
  /** Progress never goes back, also where the download begins again. */
  private shown = 0;
  /** Whether bytes of more than one answer are in it. */
  pieced: boolean;

  constructor(
    private readonly platform: IoPlatform,
    private readonly url: string,
    private readonly name: string,
    private readonly file: Unfinished,
    private readonly options: TransferOptions,
  ) {
    this.hash = platform.sha256();
    this.pieced = file.size > 0;
    this.shown = file.size;
  }

  /** Returns what to record of the whole file. @throws FileError NET_FAILED, NET_STATUS, FILE_NOT_FOUND, FILE_WRITE; AbortError */
  async run(): Promise<Kept> {
    const attempt = async () => {
      await this.attempt();
      await this.checkContent();
    };
    // Further than ever before: bytes that come again after a new beginning are no progress.
    await retried(attempt, () => this.shown, this.options);
    const { size } = this.file;
    return { ...this.file.kept!, size, sha256: this.hash.hex() };
  }

  /** One request, and its body. @throws Broken where the file is not whole then */
  private async attempt(): Promise<void> {
    const { file, options } = this;
    if (!this.resumable()) await this.restart({ url: this.name });
    if (file.size > this.hashed) await this.hashKept();
    if (file.size > 0 && file.size === file.kept?.size) return;
    await watched(
      this.name,
      () => file.size,
      options.signal,
      async (watch) => this.take(await request(this.platform, this.url, this.name, this.rest(), watch.signal), watch),
    );
  }

  /** Headers that ask for what is not there yet. */
  private rest(): Record<string, string> {
    const { size, kept } = this.file;
    const validator = this.options.conditional ? (kept?.etag ?? kept?.modified) : undefined;
    return size > 0 ? { Range: `bytes=${size}-`, ...(validator ? { "If-Range": validator } : {}) } : {};
  }

  private broken(what: string): Broken {
    return broken(this.name, what);
  }

  /** Whether the next bytes can be told to belong to those that are there. */
  private resumable(): boolean {
    const { size, kept } = this.file;
    if (size === 0 || kept?.url !== this.name || (kept.size !== undefined && size > kept.size)) return false;
    return this.options.hashKnown || kept.etag !== undefined || kept.modified !== undefined;
  }

  /** Bytes of an earlier process. */
  private async hashKept(): Promise<void> {
    this.reset();
    const read = (offset: number, length: number) => this.file.read(offset, length);
    await eachBlock(read, this.file.size, (bytes) => this.see(bytes), this.options.signal);
  }

  private async restart(kept: Kept): Promise<void> {
    this.reset();
    this.pieced = false;
    await this.file.restart(kept);
  }

  private reset(): void {
    this.hash = this.platform.sha256();
    this.hashed = 0;
    this.head = new Uint8Array(0);
  }

  private see(bytes: Uint8Array): void {
    this.hash.update(bytes);
    this.hashed += bytes.length;
    if (this.head.length < HEAD) this.head = Uint8Array.from([...this.head, ...bytes.subarray(0, HEAD)]);
  }

  /** Writes the body, if it is the one that was asked for. */
  private async take({ response, start, kept, length }: Answer, watch: Watch): Promise<void> {
    const { file } = this;
    refuseHtml(response, this.name);
    if (response.status !== 206 && response.ok) await this.restart(kept);
    else if (!response.ok || !startsAt(start, file.size, response) || !sameVersion(file.kept, kept)) {
      await this.restart({ url: this.name });
      throw this.broken("the server has another version of the file, or no such part of it");
    } else this.pieced = true;
    const total = file.kept?.size;
    const end = total ?? (length === undefined ? undefined : file.size + length);
    const reader = (response.body ?? new Blob().stream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      watch.touch();
      await file.append(part.value);
      this.see(part.value);
      this.shown = Math.max(this.shown, file.size);
      this.options.onProgress?.(this.shown, end !== undefined && this.shown > end ? undefined : end);
    }
    if (total !== undefined && file.size !== total) {
      const what = `the connection ended after ${file.size} of ${total} bytes`;
      if (file.size > total) await this.restart({ url: this.name });
      throw this.broken(what);
    }
  }

  /** Keeps nothing that is certainly not the file: it would be taken for a part of it the next time. */
  private async checkContent(): Promise<void> {
    const found = this.file.size === 0 ? "there are no bytes" : instead(this.head);
    if (!found) return;
    await this.restart({ url: this.name });
    throw somethingElse(this.name, found);
  }
}

/** Browsers hide Content-Range of other origins: there the hash, which is known, tells. */
function startsAt(start: number | undefined, wanted: number, { type }: Response): boolean {
  return start === wanted || (start === undefined && type === "cors");
}

/** Browsers may hide what a server says; what both answers say must agree. */
function sameVersion(before: Kept | undefined, now: Kept): boolean {
  const keys = ["size", "etag", "modified"] as const;
  return keys.every((key) => before?.[key] === undefined || now[key] === undefined || before[key] === now[key]);
}
