/** Files and folders of the command line: reading, finding, and writing so that nothing half-written is ever seen. */

import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileError } from "../../gpu/errors.js";
import { readError, systemReason } from "./node-source.js";

/** All bytes of a file. @throws FileError; AbortError */
export async function readBytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return readFile(path, { signal }).catch((cause) => {
    signal?.throwIfAborted();
    throw readError(path, cause);
  });
}

/** SHA-256 of a file, in hexadecimal. @throws FileError; AbortError */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const part of createReadStream(path, { signal })) hash.update(part);
  } catch (cause) {
    signal?.throwIfAborted();
    throw readError(path, cause);
  }
  return hash.digest("hex");
}

/** Whether a path is a folder. @throws FileError if nothing is there */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause) => Promise.reject(readError(path, cause)));
  return found.isDirectory();
}

/** Makes a folder and those above it. @throws FileError */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new FileError("FILE_WRITE", `${path}: the folder cannot be made: ${systemReason(cause)}`, { cause });
  }
}

/**
 * Writes a file so that a reader sees the old one or the whole new one: to a temporary name beside the target, flushed, then renamed.
 * A link is followed; a pipe or device (`/dev/stdout`) is written to as it is.
 * @throws FileError FILE_WRITE with the reason; nothing is left behind.
 */
export function writeAtomic(
  path: string,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): Promise<void> {
  return replace(path, (at, isNew) => writeFile(at, bytes, isNew ? { flag: "wx", flush: true } : {}));
}

/** Copies a file as `writeAtomic` writes one. @throws FileError */
export function copyAtomic(from: string, to: string): Promise<void> {
  return replace(to, async (at, isNew) => {
    if (!isNew) return writeFile(at, createReadStream(from));
    await copyFile(from, at, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await sync(at, "r+");
  });
}

/** Puts what `write` makes in the place of `path`: a new file, or what goes into a pipe or device. */
async function replace(path: string, write: (at: string, isNew: boolean) => Promise<void>): Promise<void> {
  try {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    if (found && !found.isFile()) return await write(path, false);
    const target = found ? await realpath(path) : path;
    const temporary = temporaryFor(target);
    try {
      await write(temporary, true);
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(dirname(target));
  } catch (cause) {
    throw unwritten(path, cause);
  }
}

function unwritten(path: string, cause: unknown): FileError {
  return new FileError("FILE_WRITE", `${path}: cannot be written: ${systemReason(cause)}`, { cause });
}

/** A name that no other file has, in the same folder. */
function temporaryFor(target: string): string {
  return join(dirname(target), `.${basename(target).slice(0, 80)}.${randomBytes(6).toString("hex")}.tmp`);
}

/** The rename itself lasts once the folder is flushed. Some systems cannot open folders; the file is complete there too. */
async function syncFolder(folder: string): Promise<void> {
  await sync(folder, "r").catch(() => undefined);
}

async function sync(path: string, flags: string): Promise<void> {
  const file = await open(path, flags);
  await file.sync().finally(() => file.close());
}

/** A file that is written part by part. */
export interface FileInParts {
  readonly path: string;
  readonly parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Writes files part by part, all to temporary names; once all are whole they get their own, in order. Gives their bytes and the SHA-256 of
 * all of them one behind the other, in hexadecimal.
 * @throws FileError FILE_WRITE with the reason, and whatever the parts throw; nothing is left behind
 */
export async function writeInParts(files: readonly FileInParts[]): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const temporaries: string[] = [];
  let bytes = 0;
  try {
    for (const { path, parts } of files) {
      const failed = (cause: unknown) => Promise.reject(unwritten(path, cause));
      const temporary = temporaryFor(path);
      temporaries.push(temporary);
      const file = await open(temporary, "wx").catch(failed);
      try {
        for await (const part of parts) {
          hash.update(part);
          bytes += part.length;
          await file.writeFile(part).catch(failed);
        }
        await file.sync().catch(failed);
      } finally {
        await file.close();
      }
    }
    for (const [i, { path }] of files.entries()) {
      await rename(temporaries[i], path).catch((cause) => Promise.reject(unwritten(path, cause)));
    }
  } catch (error) {
    await Promise.all(temporaries.map((path) => rm(path, { force: true })));
    throw error;
  }
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder);
  return { bytes, sha256: hash.digest("hex") };
}

/**
 * Paths of all files below `folder`, in the order of their names (code units, folder by folder).
 * Hidden files and folders are left out; each real folder is walked once (`seen` has those), so that links in a circle end.
 * @throws FileError FILE_NOT_FOUND or FILE_READ for a folder that cannot be read.
 */
export async function walkFiles(folder: string, seen = new Set<string>()): Promise<string[]> {
  const real = await realpath(folder).catch((cause) => Promise.reject(readError(folder, cause)));
  if (seen.has(real)) return [];
  seen.add(real);
  const files: string[][] = [];
  const names = await readdir(folder).catch((cause) => Promise.reject(readError(folder, cause)));
  for (const name of names.sort()) {
    if (name.startsWith(".")) continue;
    const path = join(folder, name);
    // A link that leads nowhere keeps its place, so that opening it says what is wrong.
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    files.push(isFolder ? await walkFiles(path, seen) : [path]);
  }
  return files.flat();
}
