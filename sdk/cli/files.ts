/** The files that commands write: checked before the work, written whole or not at all. */

import { statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { Option } from "commander";
import { encode } from "fast-png";
import { FileError, type Image, type Tensor } from "../entries/node.js";
import { makeFolder, writeAtomic } from "../platform/node-files.js";
import { misuse } from "./errors.js";
import type { Context } from "./output.js";
import { isRemote, pathOf } from "./read.js";

/** An option whose value is a file to be written. @throws as `checkTarget` does, while options are parsed */
export function targetOption(flags: string, help: string, extensions: readonly string[]): Option {
  return new Option(flags, help).argParser((path: string) => {
    checkTarget(flags.split(" ")[0], path, extensions);
    return path;
  });
}

/**
 * Checks the path of a file to be written before any work is done.
 * @throws OptionError if its extension is none of `extensions`; FileError if its folder is missing, or if it is a folder itself
 */
export function checkTarget(option: string, path: string, extensions: readonly string[]): void {
  if (!extensions.includes(extensionOf(path))) {
    misuse(`${option} must end in ${extensions.join(", ")}, got ${JSON.stringify(path)}`);
  }
  checkFolder(path);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new FileError("FILE_WRITE", `${path}: cannot be written: it is a folder`);
  }
}

export const extensionOf = (path: string): string => extname(path).toLowerCase();

/** @throws FileError if the folder of a file to be written is missing */
export function checkFolder(path: string): void {
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (folder?.isDirectory()) return;
  const why = folder ? "is not a folder" : "does not exist";
  throw new FileError("FILE_WRITE", `${path}: cannot be written: ${dirname(path)} ${why}`);
}

/** @throws OptionError if the file to be written is one of the inputs, by whatever path or link, and would replace it */
export function checkOverwriting(out: string | undefined, inputs: readonly string[]): void {
  // on Windows a number does not hold every ino
  const statOf = (path: string) => statSync(path, { bigint: true, throwIfNoEntry: false });
  const written = out === undefined ? undefined : statOf(out);
  if (!written?.isFile()) return;
  const isWritten = (input: string) => {
    const read = isRemote(input) ? undefined : statOf(pathOf(input));
    return read?.ino === written.ino && read.dev === written.dev;
  };
  if (inputs.some(isWritten)) misuse(`--out: ${out} is an input; give the results another name`);
}

/** Writes a file, if there is a path. @throws FileError; AbortError before anything is written */
export async function writeFile(
  path: string | undefined,
  content: () => Uint8Array | string,
  { signal }: Context,
): Promise<void> {
  if (path === undefined) return;
  signal.throwIfAborted();
  await writeAtomic(path, content());
}

/** Writes files into `folder`, if there is one; returns their paths. */
export async function writeFolder(
  folder: string | undefined,
  files: () => Readonly<Record<string, Uint8Array | string>>,
  { signal }: Context,
): Promise<string[]> {
  if (folder === undefined) return [];
  signal.throwIfAborted();
  await makeFolder(folder);
  const named = Object.entries(files()).map(([name, content]) => [join(folder, name), content] as const);
  for (const [path, content] of named) await writeAtomic(path, content);
  return named.map(([path]) => path);
}

/** Facts that files with room for them carry. */
export type About = Readonly<Record<"model" | "weights" | "trained", string | boolean>>;

/** What arrays hold, one behind the other, as one array of `shape`. */
export function stack(rows: readonly ArrayLike<number>[], ...shape: readonly number[]): Tensor {
  const data = new Float32Array(rows.reduce((size, row) => size + row.length, 0));
  let at = 0;
  for (const row of rows) {
    data.set(row, at);
    at += row.length;
  }
  return { data, shape };
}

/** A PNG file of an image. */
export function png({ data, width, height }: Image): Uint8Array {
  return encode({ data, width, height, channels: 3, depth: 8 });
}

const WHITE = 255;

/** Images of one height beside each other on white. */
export function sideBySide(images: readonly Image[], gap = 8): Image {
  const { height } = images[0];
  const width = images.reduce((sum, image) => sum + image.width + gap, -gap);
  const data = new Uint8Array(3 * width * height).fill(WHITE);
  let left = 0;
  for (const image of images) {
    for (let y = 0; y < height; y++) {
      const row = image.data.subarray(3 * y * image.width, 3 * (y + 1) * image.width);
      data.set(row, 3 * (y * width + left));
    }
    left += image.width + gap;
  }
  return { data, width, height };
}
