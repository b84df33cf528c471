/**
 * Downloads in browsers: the Cache API, which every browser has in windows and workers. (The origin private file system writes in windows
 * only through copies, and not everywhere.) A file is kept in parts of 8 MiB, so that a download goes on after the page was closed, and its
 * record last, so that it is whole at once. A Blob of the parts reads from the browser's disk. Where a page has no storage: memory.
 */

import { FileError } from "../../gpu/errors.js";
import { blobSource, message } from "../io/source.js";
import { type Kept, parseKept, type Store, type Unfinished } from "../io/store.js";

const PART = 2 ** 23;

/** Where parts and records lie. */
interface Blobs {
  readonly place: string;
  get(key: string): Promise<Blob | undefined>;
  put(key: string, blob: Blob): Promise<void>;
  delete(key: string): Promise<void>;
}

export async function browserStore(): Promise<Store> {
  const blobs = (await cacheBlobs()) ?? memoryBlobs();
  return {
    place: blobs.place,
    conditional: false,
    async lock(name, work, signal) {
      const locks = globalThis.navigator?.locks;
      return locks ? locks.request(`maskfeat-wgpu ${name}`, signal ? { signal } : {}, work) : work();
    },
    async find(name) {
      const kept = await keptOf(blobs, name);
      if (kept === "damaged") throw new FileError("FILE_READ", `${blobs.place}: the record is damaged`);
      if (!kept?.sha256) return undefined;
      return { kept, source: blobSource(new Blob(await partsOf(blobs, name)), blobs.place) };
    },
    begin: (name) => PartsUnfinished.begin(blobs, name),
  };
}

/** Undefined where the page has no storage: not a secure context, or no origin, or the user bars it. */
async function cacheBlobs(): Promise<Blobs | undefined> {
  const cache = await globalThis.caches?.open("maskfeat-wgpu").catch(() => undefined);
  // Keys are URLs, of a host that cannot exist.
  const url = (key: string) => `https://maskfeat-wgpu.invalid/${key}`;
  return (
    cache && {
      place: "the browser's cache",
      get: async (key) => (await cache.match(url(key)))?.blob(),
      async put(key, blob) {
        try {
          await cache.put(url(key), new Response(blob));
        } catch (cause) {
          throw new FileError("FILE_WRITE", `the browser's cache cannot be written: ${await whyFull(cause)}`, {
            cause,
          });
        }
      },
      delete: async (key) => void (await cache.delete(url(key))),
    }
  );
}

async function whyFull(cause: unknown): Promise<string> {
  if ((cause as Error).name !== "QuotaExceededError") return message(cause);
  const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
  const megabytes = (bytes?: number) => (bytes === undefined ? "unknown" : `${Math.round(bytes / 1e6)} MB`);
  return `the space of this site is used up (${megabytes(usage)} of ${megabytes(quota)}); free some, or pass the bytes as a Blob`;
}

function memoryBlobs(): Blobs {
  const map = new Map<string, Blob>();
  return {
    place: "memory",
    get: async (key) => map.get(key),
    put: async (key, blob) => void map.set(key, blob),
    delete: async (key) => void map.delete(key),
  };
}

async function keptOf(blobs: Blobs, name: string): Promise<Kept | "damaged" | undefined> {
  const record = await blobs.get(`${name}/record`);
  return record && (parseKept(await record.text()) ?? "damaged");
}

async function partsOf(blobs: Blobs, name: string): Promise<Blob[]> {
  const parts: Blob[] = [];
  for (let part = await blobs.get(`${name}/0`); part; part = await blobs.get(`${name}/${parts.length}`))
    parts.push(part);
  return parts;
}

class PartsUnfinished implements Unfinished {
  /** Bytes of the part that is not kept yet. */
  private waiting: Uint8Array<ArrayBuffer>[] = [];
  private waitingSize = 0;

  private constructor(
    private readonly blobs: Blobs,
    private readonly name: string,
    private readonly parts: Blob[],
    public kept: Kept | undefined,
  ) {}

  static async begin(blobs: Blobs, name: string): Promise<PartsUnfinished> {
    const kept = await keptOf(blobs, name);
    // Of a file that was whole and is damaged no part is of use.
    if (kept === undefined || kept === "damaged" || kept.sha256) return new PartsUnfinished(blobs, name, [], undefined);
    return new PartsUnfinished(blobs, name, await partsOf(blobs, name), kept);
  }

  get size(): number {
    return this.parts.reduce((sum, part) => sum + part.size, this.waitingSize);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return blobSource(new Blob([...this.parts, ...this.waiting]), this.blobs.place).read(offset, length);
  }

  async restart(kept: Kept): Promise<void> {
    await this.blobs.delete(`${this.name}/record`);
    for (let i = 0; await this.blobs.get(`${this.name}/${i}`); i++) await this.blobs.delete(`${this.name}/${i}`);
    this.parts.length = 0;
    this.waiting = [];
    this.waitingSize = 0;
    await this.record(kept);
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.waiting.push(bytes as Uint8Array<ArrayBuffer>);
    this.waitingSize += bytes.length;
    if (this.waitingSize >= PART) await this.flush();
  }

  async finish(kept: Kept): Promise<void> {
    await this.flush();
    await this.record(kept);
  }

  async close(): Promise<void> {
    await this.flush();
  }

  private async flush(): Promise<void> {
    if (this.waitingSize === 0) return;
    const part = new Blob(this.waiting);
    const key = `${this.name}/${this.parts.length}`;
    await this.blobs.put(key, part);
    // The kept one: the other may take memory as long as it is held.
    this.parts.push((await this.blobs.get(key)) ?? part);
    this.waiting = [];
    this.waitingSize = 0;
  }

  private async record(kept: Kept): Promise<void> {
    this.kept = kept;
    await this.blobs.put(`${this.name}/record`, new Blob([JSON.stringify(kept)]));
  }
}
