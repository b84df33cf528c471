/**
 * Downloads in Node: a folder. A file `N` has its record in `N.json`; unfinished ones are `N.<random>.partial` with
 * `N.<random>.partial.json`. Only the process that made an unfinished file writes it.
 */

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { FileError } from "../../gpu/errors.js";
import { parseKept } from "../io/hashes.js";
import type { Found, Kept, Store, Unfinished } from "../io/types.js";
import { writeAtomic } from "./node-files.js";
import { openFile, systemReason, unpermitted } from "./node-source.js";

const OWN = "maskfeat-wgpu";
/** Milliseconds. A download that gets no byte gives up sooner (http.ts): a file that is older has no writer any more. */
const DEAD = 600_000;

/** The folder of downloads: `MASKFEAT_HOME`, or below the system's folder for caches. */
export function cacheFolder(): string {
  const { env, platform } = process;
  const home = homedir();
  if (env.MASKFEAT_HOME) return resolve(env.MASKFEAT_HOME);
  if (platform === "darwin") return join(home, "Library", "Caches", OWN);
  if (platform === "win32") return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), OWN);
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, ".cache"), OWN);
}

/** @throws FileError if Deno does not permit asking for the folder */
function permittedFolder(): string {
  try {
    return cacheFolder();
  } catch (cause) {
    throw new FileError("FILE_READ", `the folder of downloads: ${systemReason(cause)}`, { cause });
  }
}

export function folderStore(folder = permittedFolder()): Store {
  return {
    place: folder,
    conditional: true,
    find: (name) => find(join(folder, name)),
    begin: (name) => writing(folder, () => begin(folder, name)),
  };
}

/** Names the folder and the way out if the system refuses. */
async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const denied = unpermitted(cause);
    if (!denied && !(cause instanceof Error && "syscall" in cause)) throw cause;
    const what = `the folder of downloads cannot be written: ${denied ?? systemReason(cause)}`;
    const hint = "set MASKFEAT_HOME to a folder that can";
    throw new FileError("FILE_WRITE", `${folder}: ${what}; ${hint}`, { cause });
  }
}

const recordOf = (path: string) => readFile(`${path}.json`, "utf8").catch(() => "");
const record = (path: string, kept: Kept) => writeAtomic(`${path}.json`, JSON.stringify(kept));

async function find(path: string): Promise<Found | undefined> {
  const there = await stat(path).catch(() => undefined);
  return there && { source: await openFile(path), path, kept: parseKept(await recordOf(path)) };
}

async function begin(folder: string, name: string): Promise<Unfinished> {
  await mkdir(folder, { recursive: true });
  const target = join(folder, name);
  const path = `${target}.${randomBytes(6).toString("hex")}.partial`;
  const kept = await copyLeftover(folder, name, path);
  const handle = await open(path, "a+");
  return {
    size: kept ? (await handle.stat()).size : 0,
    kept,
    restart: (next) =>
      writing(folder, async () => {
        await handle.truncate(0);
        await record(path, next);
      }),
    append: (bytes) => writing(folder, () => handle.appendFile(bytes)),
    source: () => openFile(path),
    finish: (whole) =>
      writing(folder, async () => {
        await handle.sync();
        await handle.close();
        // Fails if another process finished first.
        await stat(path);
        // The record first: a file with that of another is damaged, a record without a file is nothing.
        await record(target, whole);
        await rename(path, target);
        for (const left of await leftovers(folder, name)) await remove(left.path);
        return target;
      }),
    async close() {
      await handle.close();
      const { size } = await stat(path).catch(() => ({ size: 0 }));
      if (size === 0) await remove(path);
    },
  };
}

/**
 * Copies what another download of `name` left to `to`, and gives its record. It is copied because its process may be alive: then both go
 * on, each with its own file. Leftovers of dead processes are removed.
 */
async function copyLeftover(folder: string, name: string, to: string): Promise<Kept | undefined> {
  let kept: Kept | undefined;
  for (const { path, age } of await leftovers(folder, name)) {
    const text = await recordOf(path);
    if (!kept && parseKept(text)) {
      const copied = await copyFile(path, to, constants.COPYFILE_FICLONE)
        .then(() => true)
        .catch(() => false);
      // With another record its writer began again while it was copied.
      if (copied && text === (await recordOf(path))) kept = parseKept(text);
      if (kept) await record(to, kept);
    }
    if (age > DEAD) await remove(path);
  }
  return kept;
}

async function remove(partial: string): Promise<void> {
  for (const path of [partial, `${partial}.json`]) await rm(path, { force: true });
}

/** The unfinished files of `name`, the longest first, and how many milliseconds ago something was written to them. */
async function leftovers(folder: string, name: string) {
  const names = (await readdir(folder)).filter(
    (file) => file.startsWith(`${name}.`) && /^\.[0-9a-f]{12}\.partial$/.test(file.slice(name.length)),
  );
  const found = names.map(async (file) => {
    const path = join(folder, file);
    const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: Date.now() }));
    return { path, size, age: Date.now() - mtimeMs };
  });
  return (await Promise.all(found)).sort((a, b) => b.size - a.size);
}
