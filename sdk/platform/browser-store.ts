/**
 * Downloads in browsers: the Cache API, which every browser has in windows and workers. (The origin private file system writes in windows
 * only through copies, and not everywhere.) A file is kept in parts of 8 MiB, so that a download goes on after the page was closed, and a
 * record that lists them. Each download writes parts of its own, so that pages and workers may bring one file at once; with its record it
 * is whole at once. A Blob of the parts reads from the browser's disk. If a page has no storage: memory.
 */

import { FileError } from "../../gpu/errors.js";
import { parseKept } from "../io/hashes.js";
import { blobSource, message } from "../io/source.js";
import { inMemory } from "../io/transfer.js";
import type { Kept, Store, Unfinished } from "../io/types.js";

const PART = 2 ** 23;
const PLACE = "the browser's cache";

export async function browserStore(): Promise<Store> {
  // A page has no storage if it is no secure context, or has no origin, or the user bars it.
  const cache = await globalThis.caches?.open("maskfeat-wgpu").catch(() => undefined);
  if (!cache) {
    const place = "memory";
    return { place, conditional: false, find: async () => undefined, begin: async () => inMemory(place) };
  }
  return {
    place: PLACE,
    conditional: false,
    async find(name) {
      const record = await (await cache.match(urlOf(name, "record")))?.text();
      if (record === undefined) return undefined;
      const kept = parseKept(record);
      if (!kept) throw new FileError("FILE_READ", `${PLACE}: the record is damaged`);
      return { kept, source: blobSource(new Blob([...(await partsOf(cache, record)).values()]), PLACE) };
    },
    begin: (name) => begin(cache, name),
  };
}

/** Keys are URLs, of a host that cannot exist. */
const urlOf = (name: string, key: string) => `https://maskfeat-wgpu.invalid/${name}/${key}`;

async function put(cache: Cache, url: string, body: BodyInit): Promise<void> {
  try {
    await cache.put(url, new Response(body));
  } catch (cause) {
    throw new FileError("FILE_WRITE", `the browser's cache cannot be written: ${await whyFull(cause)}`, { cause });
  }
}

async function whyFull(cause: unknown): Promise<string> {
  if ((cause as Error).name !== "QuotaExceededError") return message(cause);
  const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
  const megabytes = (bytes?: number) => (bytes === undefined ? "unknown" : `${Math.round(bytes / 1e6)} MB`);
  return `the space of this site is used up (${megabytes(usage)} of ${megabytes(quota)}); free some, or pass the bytes as a Blob`;
}

/** The parts that a record lists, by their URLs, up to the first that is lost. */
async function partsOf(cache: Cache, record: string): Promise<Map<string, Blob>> {
  const parts = new Map<string, Blob>();
  const { urls } = JSON.parse(record);
  for (const url of Array.isArray(urls) ? urls : []) {
    const found = await cache.match(url);
    if (!found) break;
    parts.set(url, await found.blob());
  }
  return parts;
}

async function begin(cache: Cache, name: string): Promise<Unfinished> {
  const [own, whole, unfinished] = [crypto.randomUUID(), "record", "partial"].map((key) => urlOf(name, key));
  const left = (await (await cache.match(unfinished))?.text()) ?? "";
  let kept = parseKept(left);
  const parts = kept ? await partsOf(cache, left) : new Map<string, Blob>();
  /** Bytes of the part that is not kept yet. */
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let waitingSize = 0;
  let written = 0;

  const record = (url: string, kept: Kept) => put(cache, url, JSON.stringify({ ...kept, urls: [...parts.keys()] }));
  const source = () => blobSource(new Blob([...parts.values()]), PLACE);

  async function flush(): Promise<void> {
    if (waitingSize === 0) return;
    const url = `${own}/${written++}`;
    const part = new Blob(waiting);
    await put(cache, url, part);
    // The kept one: the other may take memory as long as it is held.
    parts.set(url, (await (await cache.match(url))?.blob()) ?? part);
    [waiting, waitingSize] = [[], 0];
    await record(unfinished, kept!);
  }

  return {
    size: source().size,
    kept,
    async restart(next) {
      for (const url of parts.keys()) await cache.delete(url);
      parts.clear();
      [waiting, waitingSize, kept] = [[], 0, next];
      await record(unfinished, next);
    },
    async append(bytes) {
      waiting.push(bytes as Uint8Array<ArrayBuffer>);
      waitingSize += bytes.length;
      if (waitingSize >= PART) await flush();
    },
    source: async () => flush().then(source),
    async finish(next) {
      // Nothing else of this file is needed any more.
      for (const { url } of await cache.keys()) {
        if (url.startsWith(urlOf(name, "")) && url !== whole && !parts.has(url)) await cache.delete(url);
      }
      // Another download that finished, or started again, may have thought so of these.
      for (const [url, part] of parts) if (!(await cache.match(url))) await put(cache, url, part);
      await record(whole, next);
      return undefined;
    },
    close: flush,
  };
}
