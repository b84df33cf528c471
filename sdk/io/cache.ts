/** Files behind URLs that are kept: downloaded once, verified before each use, and downloaded again if the kept copy is damaged. */

import { FileError } from "../../gpu/errors.js";
import { pause } from "../base/pause.js";
import { expectedOf, hashOf, mismatch, verify } from "./hashes.js";
import { abortable, checkedUrl, notTheFile, type Remote } from "./http.js";
import { Transfer } from "./transfer.js";
import type { ByteSource, Found, IoPlatform, Store, UrlOptions } from "./types.js";

export interface FetchOptions extends UrlOptions {
  /** Where the bytes come from, if not from the URL itself, which stays their name in the store. */
  readonly mirror?: string | URL;
  /** Their SHA-256 as in subresource integrity: `sha256-` and base64. */
  readonly integrity?: string;
  /** Ask no server. */
  readonly offline?: boolean;
}

/** A file that is whole and verified. */
export interface Fetched {
  /** Its `name` is the URL without query. */
  readonly source: ByteSource;
  readonly path?: string;
  readonly sha256: string;
}

/** Files that this process is about to use or download. */
const underWay = new Set<string>();
/** Milliseconds. */
const POLL = 20;

/**
 * The file of a http or https URL. Calls for one file take turns in this process, so that it is downloaded once. Several processes may
 * download it at once: each into a file of its own, which is verified before it gets the name of the whole one.
 * @throws OptionError; FileError as `ask`, NET_OFFLINE, HASH_MISMATCH, CACHE_CORRUPT, FILE_READ (no such URL), FILE_WRITE (the store is
 * full or read-only); AbortError
 */
export async function fetchFile(platform: IoPlatform, url: string | URL, options: FetchOptions = {}): Promise<Fetched> {
  const { signal, onProgress } = options;
  const { href, name } = checkedUrl(url);
  const remote: Remote = { platform, ...checkedUrl(options.mirror ?? url), signal };
  const expected = expectedOf(new URL(href).pathname, options.integrity);
  const key = keyOf(platform, new URL(href));

  const given = ({ source, path }: Found, sha256: string): Fetched => {
    onProgress?.(source.size, source.size);
    return { source: { ...source, name }, path, sha256 };
  };

  /** The kept copy if it is right; else what is wrong with it, if it is there. */
  async function find(store: Store): Promise<Fetched | string | undefined> {
    const found = await store.find(key).catch((error: Error) => error.message);
    if (typeof found !== "object") return found;
    return orClosed(found.source, async () => {
      const { wrong, sha256 } = await verify(platform, found.source, found.kept, expected, signal);
      return sha256 ? given(found, sha256) : `${found.path ?? found.source.name}: ${wrong}`;
    });
  }

  async function download(store: Store): Promise<Fetched> {
    const file = await store.begin(key);
    const hashKnown = expected.start !== undefined || expected.whole !== undefined;
    const transfer = new Transfer(file, remote, { onProgress, conditional: store.conditional, hashKnown });
    try {
      for (let round = 0; ; round++) {
        await transfer.run();
        const { size, kept, pieced } = transfer;
        if (size === 0) throw notTheFile(remote.name, "there are no bytes");
        // The bytes that the store returns are hashed, not those that were meant to be written; they are used even if another download finishes.
        const source = await file.source();
        const fetched = await orClosed(source, async () => {
          const sha256 = await hashOf(platform, source, signal);
          const wrong = mismatch(sha256, expected);
          return wrong ?? given({ source, path: await file.finish({ ...kept!, size, sha256 }) }, sha256);
        });
        if (typeof fetched === "object") return fetched;
        await transfer.restart();
        // Pieces of two versions, perhaps: once more, whole.
        if (pieced && round === 0) continue;
        const what = `${fetched}; the server has another file, or it was changed on the way`;
        throw new FileError("HASH_MISMATCH", `${remote.name}: ${what}`);
      }
    } finally {
      await file.close();
    }
  }

  return abortable(name, signal, async () => {
    const store = await platform.openStore();
    const id = `${store.place} ${key}`;
    while (underWay.has(id)) await pause(POLL, signal);
    underWay.add(id);
    try {
      const kept = await find(store);
      if (typeof kept === "object") return kept;
      if (options.offline) throw offline(name, store.place, kept);
      return await download(store).catch(async (error) => {
        // Another process may have finished first, and taken away what was unfinished.
        const other = await find(store);
        if (typeof other === "object") return other;
        throw error;
      });
    } finally {
      underWay.delete(id);
    }
  });
}

function offline(name: string, place: string, wrong: string | undefined): FileError {
  const absent = `not in ${place}, and offline was asked for; leave offline out once, or download it`;
  const damaged = `the copy in ${place} is damaged (${wrong}), and offline it cannot be replaced; leave offline out once`;
  return wrong
    ? new FileError("CACHE_CORRUPT", `${name}: ${damaged}`)
    : new FileError("NET_OFFLINE", `${name}: ${absent}`);
}

/** The file that `work` makes of `source`, or what is wrong with it; then the source is closed. */
async function orClosed(source: ByteSource, work: () => Promise<Fetched | string>): Promise<Fetched | string> {
  let fetched: Fetched | string | undefined;
  try {
    fetched = await work();
    return fetched;
  } finally {
    if (typeof fetched !== "object") await source.close();
  }
}

/**
 * The name of a URL's file in a store. The hash keeps files of one name apart, names no secret, and lets no name be special to a file
 * system.
 */
function keyOf(platform: IoPlatform, url: URL): string {
  const hash = platform.sha256();
  hash.update(new TextEncoder().encode(url.origin + url.pathname + url.search));
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1).replace(/[^A-Za-z0-9._-]/g, "_");
  return `${hash.hex().slice(0, 16)}-${last.slice(-100)}`;
}
