/**
 * Files that were made, or could be made, to attack whoever opens them, each with the one answer that is right: the code of its error, or
 * that it opens and which markers it then lists. Made here, so that no scanner stumbles over the repository.
 */

import { readFileSync } from "node:fs";
import { archives, streams } from "./attacks-archives.js";
import { arrays, tensorFiles } from "./attacks-arrays.js";
import type { Row } from "./attacks-common.js";
import { images } from "./attacks-images.js";
import { globals, pickles, tensors } from "./attacks-pickles.js";

export interface Attack {
  readonly name: string;
  readonly opens: "checkpoint" | "npy" | "image";
  readonly bytes: () => Uint8Array<ArrayBuffer>;
  /** "none" where the file opens. */
  readonly code: string;
  /** Path and name of each marker that must be listed. */
  readonly opaque?: readonly (readonly [string, string])[];
}

const rowsOf = (opens: Attack["opens"], rows: readonly Row[]): Attack[] =>
  rows.map(([name, code, bytes, opaque]) => ({ name, opens, code, bytes, opaque }));

export const attacks: readonly Attack[] = [
  ...rowsOf("checkpoint", [...globals, ...pickles, ...tensors, ...archives, ...streams, ...tensorFiles]),
  ...rowsOf("npy", arrays),
  ...rowsOf(
    "image",
    images((name) => new Uint8Array(readFileSync(`conformance/golden/full/images/${name}`))),
  ),
];
