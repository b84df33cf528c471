/**
 * Downloads in Node: a folder. A file `N` has its record in `N.json`; unfinished ones are `N.<random>.partial` with
 * `N.<random>.partial.json`, and `N.lock` says that a process is at work.
 */

import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { FileError } from "../../gpu/errors.js";
import { type Found, type Kept, parseKept, type Store, type Unfinished } from "../io/store.js";
import { writeAtomic } from "./node-files.js";
import { withLock } from "./node-lock.js";
import { openFile, systemReason } from "./node-source.js";

const OWN = "maskfeat-wgpu";

/** The folder of downloads: `MASKFEAT_HOME`, or below the system's folder for caches. */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  system: string = process.platform,
  home: string = homedir(),
): string {
  if (env.MASKFEAT_HOME) return resolve(env.MASKFEAT_HOME);
  if (system === "darwin") return join(home, "Library", "Caches", OWN);
  if (system === "win32") return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), OWN);
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, ".cache"), OWN);
}

export function folderStore(folder = cacheFolder()): Store {
  const at = (name: string) => join(folder, name);
  return {
    place: folder,
    conditional: true,
    lock: (name, work, signal) =>
      writing(folder, async () => {
        await mkdir(folder, { recursive: true });
        return withLock(at(`${name}.lock`), work, signal);
      }),
    find: (name) => find(at(name)),
    begin: (name) => writing(folder, () => FolderUnfinished.begin(folder, name)),
  };
}

/** Names the folder and the way out where the system refuses. */
async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    const what = `the folder of downloads cannot be written: ${systemReason(cause)}`;
    const hint = "set MASKFEAT_HOME to a folder that can";
    throw new FileError("FILE_WRITE", `${folder}: ${what}; ${hint}`, { cause });
  }
}

const keptAt = async (path: string) => parseKept(await readFile(path, "utf8").catch(() => ""));

async function find(path: string): Promise<Found | undefined> {
  const there = await stat(path).catch(() => undefined);
  return there && { source: await openFile(path), path, kept: await keptAt(`${path}.json`) };
}

class FolderUnfinished implements Unfinished {
  private open = true;

  private constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly path: string,
    private readonly handle: FileHandle,
    public size: number,
    public kept: Kept | undefined,
  ) {}

  /**
   * Goes on with what was left. It gets a new name first: where its writer is not dead after all, only one of the two can take it, and the
   * other one's `finish` fails.
   */
  static async begin(folder: string, name: string): Promise<FolderUnfinished> {
    const path = join(folder, `${name}.${randomBytes(6).toString("hex")}.partial`);
    for (const left of await leftovers(folder, name)) {
      const from = join(folder, left);
      const kept = await keptAt(`${from}.json`);
      if (!kept) continue;
      await rename(from, path);
      await rename(`${from}.json`, `${path}.json`);
      const handle = await open(path, "r+");
      return new FolderUnfinished(folder, name, path, handle, (await handle.stat()).size, kept);
    }
    return new FolderUnfinished(folder, name, path, await open(path, "wx+"), 0, undefined);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await this.handle.read(bytes, 0, length, offset);
    if (bytesRead === length) return bytes;
    throw new FileError("FILE_READ", `${this.path}: ended at byte ${offset + bytesRead}`);
  }

  restart(kept: Kept): Promise<void> {
    return writing(this.folder, async () => {
      await this.handle.truncate(0);
      this.size = 0;
      this.kept = kept;
      await writeAtomic(`${this.path}.json`, JSON.stringify(kept));
    });
  }

  append(bytes: Uint8Array): Promise<void> {
    return writing(this.folder, async () => {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, this.size);
        done += bytesWritten;
        this.size += bytesWritten;
      }
    });
  }

  finish(kept: Kept): Promise<void> {
    return writing(this.folder, async () => {
      await this.handle.sync();
      await this.close();
      const target = join(this.folder, this.name);
      // The record first: a file with that of another is damaged, a record without a file is nothing.
      await writeAtomic(`${target}.json`, JSON.stringify(kept));
      await rename(this.path, target);
      for (const left of await leftovers(this.folder, this.name)) await remove(join(this.folder, left));
      await rm(`${this.path}.json`, { force: true });
    });
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.handle.close();
    if (this.size === 0) await remove(this.path);
  }
}

async function remove(partial: string): Promise<void> {
  for (const path of [partial, `${partial}.json`]) await rm(path, { force: true });
}

/** Names of the unfinished files of `name`. */
async function leftovers(folder: string, name: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter(
    (file) => file.startsWith(`${name}.`) && /^\.[0-9a-f]{12}\.partial$/.test(file.slice(name.length)),
  );
}
