/** Files behind URLs: downloaded once, verified before each use, and downloaded again where the kept copy is damaged. */

import { FileError } from "../../gpu/errors.js";
import { type Expected, expectedOf, mismatch, nameOf, verify } from "./hashes.js";
import type { IoPlatform } from "./platform.js";
import { checkedUrl } from "./source.js";
import type { Store, Unfinished } from "./store.js";
import { Transfer } from "./transfer.js";
import type { ByteSource, UrlOptions } from "./types.js";

export interface FetchOptions extends UrlOptions {
  /** Where the bytes come from, if not from the URL itself, which stays their name in the store. */
  readonly mirror?: string | URL;
  /** Their SHA-256 as in subresource integrity: `sha256-` and base64. */
  readonly integrity?: string;
  /** Ask no server. */
  readonly offline?: boolean;
  /** Milliseconds before the second try. */
  readonly firstPause?: number;
}

/** A file that is whole and verified. */
export interface Fetched {
  /** Its `name` is the URL without query. */
  readonly source: ByteSource;
  readonly path?: string;
  readonly sha256: string;
}

/**
 * The file of a http or https URL.
 * @throws OptionError; FileError FILE_NOT_FOUND, NET_FAILED, NET_STATUS, NET_OFFLINE, HASH_MISMATCH, CACHE_CORRUPT, FILE_READ (no such
 * URL), FILE_WRITE (the store is full or read-only); AbortError
 */
export async function fetchFile(platform: IoPlatform, url: string | URL, options: FetchOptions = {}): Promise<Fetched> {
  const { signal } = options;
  try {
    signal?.throwIfAborted();
    return await new Fetch(platform, url, options).run();
  } catch (error) {
    if (signal?.aborted) throw new DOMException("aborted", "AbortError");
    throw error;
  }
}

class Fetch {
  private readonly name: string;
  private readonly key: string;
  private readonly from: { href: string; name: string };
  private readonly expected: Expected;
  /** What is wrong with the kept copy. */
  private wrong?: string;

  constructor(
    private readonly platform: IoPlatform,
    url: string | URL,
    private readonly options: FetchOptions,
  ) {
    const { href, name } = checkedUrl(url);
    this.name = name;
    this.from = options.mirror === undefined ? { href, name } : checkedUrl(options.mirror);
    this.expected = expectedOf(new URL(href).pathname, options.integrity);
    this.key = nameOf(platform, new URL(href));
  }

  async run(): Promise<Fetched> {
    const store = await this.platform.openStore();
    const kept = await this.find(store);
    if (kept) return kept;
    if (this.options.offline) throw this.offline(store);
    // Whoever waited for another process may find its file.
    return store.lock(this.key, async () => (await this.find(store)) ?? this.download(store), this.options.signal);
  }

  /** The kept copy, where it is there and right. */
  private async find(store: Store): Promise<Fetched | undefined> {
    const { signal, onProgress } = this.options;
    const found = await store.find(this.key).catch((error) => {
      this.wrong = error.message;
      return undefined;
    });
    if (!found) return undefined;
    const { source, kept, path } = found;
    try {
      const checked = await verify(this.platform, source, kept, this.expected, signal);
      if (checked.wrong === undefined) {
        onProgress?.(source.size, source.size);
        return { source: named(source, this.name), path, sha256: checked.sha256 };
      }
      this.wrong = `${path ?? source.name}: ${checked.wrong}`;
    } catch (error) {
      await source.close();
      throw error;
    }
    await source.close();
    return undefined;
  }

  private offline({ place }: Store): FileError {
    if (this.wrong) {
      const what = `the copy in ${place} is damaged (${this.wrong}), and offline it cannot be replaced`;
      return new FileError("CACHE_CORRUPT", `${this.name}: ${what}; leave offline out once`);
    }
    const what = `not in ${place}, and offline was asked for; leave offline out once, or download it`;
    return new FileError("NET_OFFLINE", `${this.name}: ${what}`);
  }

  private async download(store: Store): Promise<Fetched> {
    const file = await store.begin(this.key);
    try {
      await this.transfer(file, store.conditional);
    } finally {
      await file.close();
    }
    // What is used is what the store gives back, not what was meant to be written.
    this.wrong = undefined;
    const fetched = await this.find(store);
    if (fetched) return fetched;
    throw new FileError("FILE_READ", `${this.name}: ${store.place} does not give back what was written: ${this.wrong}`);
  }

  private async transfer(file: Unfinished, conditional: boolean): Promise<void> {
    const { start, whole } = this.expected;
    const { href, name } = this.from;
    const hashKnown = start !== undefined || whole !== undefined;
    for (let round = 0; ; round++) {
      const transfer = new Transfer(this.platform, href, name, file, { ...this.options, conditional, hashKnown });
      const kept = await transfer.run();
      const wrong = mismatch(kept.sha256!, this.expected);
      if (!wrong) return file.finish(kept);
      await file.restart({ url: name });
      // Pieces of two versions, perhaps: once more, whole.
      if (!transfer.pieced || round > 0) {
        throw new FileError(
          "HASH_MISMATCH",
          `${name}: ${wrong}; the server has another file, or it was changed on the way`,
        );
      }
    }
  }
}

/** The same bytes under another name. */
function named(source: ByteSource, name: string): ByteSource {
  return {
    name,
    size: source.size,
    read: (offset, length) => source.read(offset, length),
    close: () => source.close(),
  };
}
