/** Files and folders of the command line: reading, finding, and writing so that nothing half-written is ever seen. */

import { randomBytes } from "node:crypto";
import {
  constants,
  copyFile,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
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

/** Whether a path is a folder. @throws FileError where nothing is there */
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
export async function writeAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    if (found && !found.isFile()) await writeFile(path, bytes);
    else await replace(found ? await realpath(path) : path, (temporary) => writeSynced(temporary, bytes));
  } catch (cause) {
    throw new FileError("FILE_WRITE", `${path}: cannot be written: ${systemReason(cause)}`, { cause });
  }
}

/** Copies a file as `writeAtomic` writes one. @throws FileError */
export async function copyAtomic(from: string, to: string): Promise<void> {
  try {
    const found = await stat(to).catch(() => undefined);
    if (found?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    await replace(found ? await realpath(to) : to, async (temporary) => {
      await copyFile(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await withHandle(temporary, "r+", (file) => file.sync());
    });
  } catch (cause) {
    throw new FileError("FILE_WRITE", `${to}: cannot be written: ${systemReason(cause)}`, { cause });
  }
}

function writeSynced(path: string, bytes: Uint8Array | string): Promise<void> {
  return withHandle(path, "wx", async (file) => {
    await file.writeFile(bytes);
    await file.sync();
  });
}

/** Puts what `write` makes in the place of `target`. */
async function replace(target: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target).slice(0, 80)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await write(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // The rename itself lasts once the folder is flushed. Some systems cannot open folders; the file is complete there too.
  await withHandle(folder, "r", (handle) => handle.sync()).catch(() => undefined);
}

async function withHandle(path: string, flags: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await work(file);
  } finally {
    await file.close();
  }
}

/**
 * Paths of all files below `folder`, in the order of their names (code units, folder by folder).
 * Hidden files and folders are left out; each real folder is walked once, so that links in a circle end.
 * @throws FileError FILE_NOT_FOUND or FILE_READ for a folder that cannot be read.
 */
export async function walkFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  await walk(folder, new Set(), files);
  return files;
}

async function walk(folder: string, seen: Set<string>, files: string[]): Promise<void> {
  const real = await realpath(folder).catch((cause) => Promise.reject(readError(folder, cause)));
  if (seen.has(real)) return;
  seen.add(real);
  const names = await readdir(folder).catch((cause) => Promise.reject(readError(folder, cause)));
  for (const name of names.sort()) {
    if (name.startsWith(".")) continue;
    const path = join(folder, name);
    // A link that leads nowhere keeps its place, so that opening it says what is wrong.
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder) await walk(path, seen, files);
    else files.push(path);
  }
}
