/**
 * Files behind URLs of which only what is read is transferred: by HTTP ranges (RFC 9110, 14), where the server gives them and says which
 * version of the file they are of; else whole. If-Range is not sent: for a file that changed, it would bring the whole new one.
 */

import { FileError } from "../../gpu/errors.js";
import { broken, retried, type TryOptions, type Watch, watched } from "./attempts.js";
import { instead } from "./hashes.js";
import type { IoPlatform } from "./platform.js";
import { rangeOf, refuseHtml, request, somethingElse, versionOf } from "./request.js";
import { blobSource, checkedUrl, readBody, source, urlSource } from "./source.js";
import type { ByteSource, OpenOptions } from "./types.js";

/**
 * Shorter reads bring this many bytes, as more of them follow: a file's header; a zip's end, which is looked for in 65,557 bytes; the
 * header of a tensor, and the small tensors behind it.
 */
const BLOCK = 2 ** 17;

/** Opens a http or https URL, whole or by ranges. @throws as `urlSource` and `openRanges` */
export function openUrl(platform: IoPlatform, url: string | URL, options: OpenOptions = {}): Promise<ByteSource> {
  return options.ranges ? openRanges(platform, url, options) : urlSource(url, options);
}

/**
 * Opens a http or https URL. `signal` ends reading from it, too.
 * @throws FileError FILE_NOT_FOUND, NET_FAILED, NET_STATUS, FILE_READ (no such URL; where it is read: the file has changed); AbortError
 */
export async function openRanges(
  platform: IoPlatform,
  url: string | URL,
  options: TryOptions = {},
): Promise<ByteSource> {
  const { href, name } = checkedUrl(url);
  const remote = new Remote(platform, href, name, options);
  try {
    return await remote.guarded(() => remote.open());
  } catch (error) {
    remote.close();
    throw error;
  }
}

/** What must be the same in every answer. */
interface Version {
  readonly size: number;
  readonly etag?: string;
  readonly modified?: string;
}

/** Some of the file's bytes, there or on their way. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

class Remote {
  private readonly stop = new AbortController();

  constructor(
    private readonly platform: IoPlatform,
    private readonly href: string,
    private readonly name: string,
    private readonly options: TryOptions,
  ) {
    const { signal } = options;
    if (signal?.aborted) this.close();
    else signal?.addEventListener("abort", () => this.close(), { signal: this.stop.signal });
  }

  /** Ends what is under way, and keeps no hold of the caller's signal. */
  close(): void {
    this.stop.abort();
  }

  /** What `work` gives, unless the caller ends it. */
  async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.stop.signal.throwIfAborted();
      return await work();
    } catch (error) {
      if (this.options.signal?.aborted) throw new DOMException(`${this.name}: aborted`, "AbortError");
      if (this.stop.signal.aborted) throw new FileError("FILE_READ", `${this.name}: already closed`);
      throw error;
    }
  }

  async open(): Promise<ByteSource> {
    const first = this.ask(
      () => `bytes=0-${BLOCK - 1}`,
      (response, watch) => (response.status === 206 ? this.byRanges(response, watch) : this.whole(response, watch)),
    );
    const opened = await first.catch((error) => {
      // A browser that asks the server's leave to send Range to another origin may not get it.
      if (error.code === "NET_FAILED" && this.platform.whyNoAnswer) return undefined;
      throw error;
    });
    const all = () => this.ask(undefined, (response, watch) => this.whole(response, watch));
    return opened ?? (await all()) ?? this.refuse("a range that was not asked for");
  }

  /** Requests a range or everything, again where the connection breaks; `reached` tells how far the file is there. */
  private ask<T>(
    range: (() => string) | undefined,
    take: (response: Response, watch: Watch) => Promise<T>,
    reached = () => 0,
  ): Promise<T> {
    const { platform, href, name } = this;
    const { signal } = this.stop;
    const attempt = () =>
      watched(name, reached, signal, async (watch) => {
        const asked: Record<string, string> = range ? { Range: range() } : {};
        const { response } = await request(platform, href, name, asked, watch.signal);
        return take(response, watch);
      });
    return retried(attempt, reached, { ...this.options, signal });
  }

  /** The file, if its first range tells all that is needed to read on; of other origins browsers may hide it. */
  private async byRanges(response: Response, watch: Watch): Promise<ByteSource | undefined> {
    const { headers } = response;
    const { start, last, size } = rangeOf(headers) ?? {};
    const version = versionOf(headers);
    const known = size !== undefined && (version.etag ?? version.modified) !== undefined;
    if (!known || start !== 0 || last !== Math.min(BLOCK, size) - 1 || headers.has("content-encoding"))
      return undefined;
    refuseHtml(response, this.name);
    const head = new Uint8Array(last + 1);
    await this.fill(response, watch, head);
    this.refuseOthers(head);
    return this.readingOn({ size, ...version }, head);
  }

  /** The file in memory or, in a browser, perhaps on disk; undefined where this is no answer to that. */
  private async whole(response: Response, watch: Watch): Promise<ByteSource | undefined> {
    if (response.status === 416 || response.status === 206) return undefined;
    refuseHtml(response, this.name);
    const blob = await readBody(response, this.name, () => watch.touch());
    this.refuseOthers(new Uint8Array(await blob.slice(0, 512).arrayBuffer()));
    this.close();
    return blobSource(blob, this.name);
  }

  private refuseOthers(start: Uint8Array): void {
    const found = instead(start);
    if (found) this.refuse(found);
  }

  private refuse(found: string): never {
    throw somethingElse(this.name, found);
  }

  private readingOn(version: Version, head: Uint8Array): ByteSource {
    const first = { start: 0, end: head.length, bytes: Promise.resolve(head) };
    let blocks: readonly Block[] = [first];
    const load = (start: number): Block => {
      const end = Math.min(version.size, start + BLOCK);
      const block = { start, end, bytes: this.fetch(version, start, new Uint8Array(end - start)) };
      blocks = [first, block];
      block.bytes.catch(() => {
        blocks = blocks.filter((other) => other !== block);
      });
      return block;
    };
    const read = async (begin: number, end: number, into: Uint8Array = new Uint8Array(end - begin)) => {
      if (begin === end) return into;
      const there = blocks.find((block) => begin >= block.start && end <= block.end);
      const block = there ?? (end - begin < BLOCK ? load(begin) : undefined);
      if (!block) return this.fetch(version, begin, into);
      into.set((await block.bytes).subarray(begin - block.start, end - block.start));
      return into;
    };
    const guarded = (begin: number, end: number, into?: Uint8Array) => this.guarded(() => read(begin, end, into));
    return source(this.name, version.size, guarded, async () => this.close());
  }

  /** Fills `into` with the bytes from `offset` on. @throws FileError FILE_READ where the server has another version of the file */
  private async fetch(version: Version, offset: number, into: Uint8Array): Promise<Uint8Array> {
    let done = 0;
    await this.ask(
      () => `bytes=${offset + done}-${offset + into.length - 1}`,
      async (response, watch) => {
        this.checkVersion(response, version);
        const from = done;
        const { start, last = 0 } = (response.status === 206 && rangeOf(response.headers)) || {};
        const count = last + 1 - offset - from;
        if (
          start !== offset + from ||
          count < 1 ||
          from + count > into.length ||
          response.headers.has("content-encoding")
        ) {
          throw broken(
            this.name,
            "the server answered with something else than the part of the file that was asked for",
          );
        }
        await this.fill(response, watch, into.subarray(from, from + count), (came) => {
          done = from + came;
        });
        if (done < into.length) throw broken(this.name, "the server gave a part of what was asked for");
      },
      () => offset + done,
    );
    return into;
  }

  private checkVersion({ status, headers }: Response, version: Version): void {
    const { etag, modified } = versionOf(headers);
    const { size = version.size } = rangeOf(headers) ?? {};
    const same = version.etag === undefined ? modified === version.modified : etag === version.etag;
    if (status !== 416 && same && size === version.size) return;
    const what = "the file has changed on the server since it was opened, or the server no longer says that it has not";
    throw new FileError("FILE_READ", `${this.name}: ${what}; open it again`);
  }

  /** Fills `into` with the body, which has to be as long; `came` is told how much of it is there and right. */
  private async fill(response: Response, watch: Watch, into: Uint8Array, came = (_count: number) => {}): Promise<void> {
    const reader = (response.body ?? new Blob().stream()).getReader();
    let count = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      watch.touch();
      if (count + part.value.length > into.length) {
        came(0);
        throw broken(this.name, `the server sent more than the ${into.length} bytes that it announced`);
      }
      into.set(part.value, count);
      count += part.value.length;
      // Of other origins browsers hide whether the body was compressed: only its length tells.
      if (response.type !== "cors") came(count);
    }
    if (count < into.length) throw broken(this.name, `the connection ended after ${count} of ${into.length} bytes`);
    came(count);
  }
}
