/**
 * Small files of three formats with the verdict of their reference implementations: safetensors 0.8.0 (`deserialize`, its Rust rules) and
 * numpy 2.4.6 on Python 3.11.7 (`numpy.load(allow_pickle=False)` and every array of it). `scripts/golden/formats.py` asks them again.
 */

import type { FormatRow } from "./formats-common.js";
import { archives, arrays } from "./formats-numpy.js";
import { safetensors } from "./formats-safetensors.js";
import { latin1 } from "./helpers.js";

export interface FormatCase {
  readonly format: "safetensors" | "npy" | "npz";
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly reference: "read" | "refused";
  /** "none" where we read the file. */
  readonly code: string;
  /** Why we differ from the reference. */
  readonly why?: string;
}

const casesOf = (format: FormatCase["format"], rows: readonly FormatRow[]): FormatCase[] =>
  rows.map(([name, reference, code, text, why]) => ({ format, name, reference, code, bytes: latin1(text), why }));

export const formats: readonly FormatCase[] = [
  ...casesOf("safetensors", safetensors),
  ...casesOf("npy", arrays),
  ...casesOf("npz", archives),
];
