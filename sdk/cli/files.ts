/** The files that commands write: checked before the work, written whole or not at all. */

import { stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { FileError, OptionError } from "../entries/node.js";
import { makeFolder, writeAtomic } from "../platform/node-files.js";
import type { Context } from "./run.js";

/**
 * Checks the path of a file to be written before any work is done. Returns its extension.
 * @throws OptionError where it is none of `extensions`; FileError where its folder is missing
 */
export async function checkTarget(option: string, path: string, extensions: readonly string[]): Promise<string> {
  const extension = extname(path).toLowerCase();
  if (!extensions.includes(extension)) {
    throw new OptionError("OPT_VALUE", `${option} must end in ${extensions.join(", ")}, got ${JSON.stringify(path)}`);
  }
  await checkFolder(path);
  return extension;
}

/** @throws FileError where the folder of a file to be written is missing */
export async function checkFolder(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory()) return;
  const why = folder ? "is not a folder" : "does not exist";
  throw new FileError("FILE_WRITE", `${path}: cannot be written: ${dirname(path)} ${why}`);
}

/** Writes one file. @throws FileError; AbortError before anything is written */
export async function writeFile(path: string, content: Uint8Array | string, { signal }: Context): Promise<void> {
  signal.throwIfAborted();
  await writeAtomic(path, content);
}

/** Writes files into `folder`; returns their paths. */
export async function writeFolder(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  context: Context,
): Promise<string[]> {
  context.signal.throwIfAborted();
  await makeFolder(folder);
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    paths.push(join(folder, name));
    await writeAtomic(paths[paths.length - 1], content);
  }
  return paths;
}
