/** Brings a file into a store: again and again where the connection breaks, from where it broke. */

import { FileError } from "../../gpu/errors.js";
import { message } from "../checkpoint/source.js";
import type { Hasher, Platform } from "../platform/types.js";
import { eachBlock, instead } from "./hashes.js";
import { pause } from "./pause.js";
import { type Answer, Broken, request } from "./request.js";
import type { Kept, Unfinished } from "./store.js";

export interface TransferOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (loaded: number, total: number | undefined) => void;
  /** Whether requests may carry If-Range. */
  readonly conditional: boolean;
  /** Whether the hash is known beforehand, so that parts of two versions cannot pass for the file. */
  readonly hashKnown: boolean;
  /** Milliseconds before the second try; doubled each time. */
  readonly firstPause?: number;
}

/** Tries in a row that bring nothing. */
const TRIES = 5;
const MAX_TRIES = 100;
/** Milliseconds without a byte after which a connection counts as broken. */
const SILENCE = 60_000;
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
    private readonly platform: Platform,
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
    const { signal, firstPause = 500 } = this.options;
    for (let failed = 0, tries = 1; ; tries++) {
      const before = this.shown;
      try {
        await this.attempt();
        await this.checkContent();
        const { size } = this.file;
        return { ...this.file.kept!, size, sha256: this.hash.hex() };
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Broken)) throw error;
        // Further than ever before: bytes that come again after a new beginning are no progress.
        failed = this.shown > before ? 1 : failed + 1;
        if (failed >= TRIES || tries >= MAX_TRIES) throw error.error;
        await pause(Math.max(firstPause * 2 ** (failed - 1), 1000 * error.wait), signal);
      }
    }
  }

  /** One request, and its body. @throws Broken where the file is not whole then */
  private async attempt(): Promise<void> {
    const { file, options } = this;
    if (!this.resumable()) await this.restart({ url: this.name });
    if (file.size > this.hashed) await this.hashKept();
    if (file.size > 0 && file.size === file.kept?.size) return;
    const watch = new Watch(options.signal);
    try {
      const from = { at: file.size, kept: file.kept, conditional: options.conditional };
      const answer = await request(this.platform, this.url, this.name, from, watch.signal);
      await this.take(answer, watch);
    } catch (error) {
      if (watch.silent) throw this.broken(`nothing came for ${SILENCE / 1000} seconds`);
      if (error instanceof FileError || error instanceof Broken || options.signal?.aborted) throw error;
      throw this.broken(`the connection broke at byte ${file.size}: ${message(error)}`, error);
    } finally {
      watch.end();
    }
  }

  private broken(what: string, cause?: unknown): Broken {
    return new Broken(new FileError("NET_FAILED", `${this.name}: ${what}; try again`, { cause }));
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
    if (/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) throw this.refusal("this is an HTML page");
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
    throw this.refusal(found);
  }

  private refusal(found: string): FileError {
    const what = "the server answered with something else than the file";
    return new FileError("NET_STATUS", `${this.name}: ${what}: ${found}`);
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

/** Aborts a request when the caller says so, or when nothing comes any more. */
class Watch {
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  readonly signal = this.abort.signal;
  silent = false;

  constructor(private readonly outer: AbortSignal | undefined) {
    outer?.throwIfAborted();
    outer?.addEventListener("abort", this.stop);
    this.touch();
  }

  private readonly stop = () => this.abort.abort();

  touch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.silent = true;
      this.stop();
    }, SILENCE);
  }

  /** Drops what is still open. */
  end(): void {
    clearTimeout(this.timer);
    this.outer?.removeEventListener("abort", this.stop);
    this.stop();
  }
}
