/**
 * The safetensors format (https://github.com/huggingface/safetensors, "Format"): 8 bytes with the header's length, a JSON header, data.
 * Every rule of it is enforced before any tensor is read, and keys that occur twice are refused, on which the format's text insists while
 * common JSON parsers keep the last one in silence.
 */

import { constant } from "../base/constant.js";
import type { ByteSource } from "../io/types.js";
import { readF32 } from "./convert.js";
import { type Fail, failer, isSize, product, quoted } from "./fail.js";
import { openFile, type Stored } from "./file.js";
import { type Json, type JsonObject, readJson } from "./json.js";
import type { Checkpoint, TensorInfo } from "./types.js";

/** The longest header that the reference reads. */
const MAX_HEADER = 100_000_000;

/** Bits of an element, for every dtype of the format. */
const BITS = constant(
  () =>
    new Map(
      Object.entries({
        F4: 4,
        "F6_E2M3 F6_E3M2": 6,
        "BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0": 8,
        "I16 U16 F16 BF16": 16,
        "I32 U32 F32": 32,
        "F64 I64 U64 C64": 64,
      }).flatMap(([names, bits]) => names.split(" ").map((name) => [name, bits] as const)),
    ),
);

/** A tensor's place: `begin` and `end` count bytes from the end of the header. */
interface Entry extends TensorInfo {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/**
 * Opens a safetensors file and checks its whole header; tensors are read later, one at a time. Closes `source` if it fails.
 * @throws CheckpointError CKPT_TRUNCATED, CKPT_HEADER, CKPT_DUPLICATE, CKPT_DTYPE or CKPT_OFFSETS; FileError if reading fails.
 */
export function openSafetensors(source: ByteSource): Promise<Checkpoint> {
  const named = failer(source.name);
  const fail: Fail = (code, what) => named(code, `${what}; get the file again`);
  return openFile(source, "safetensors", async () => {
    const bytes = await readHeader(source, fail);
    const dataStart = 8 + bytes.length;
    // it begins with a brace
    const header = readJson(bytes, "header", fail) as JsonObject;
    const metadata = parseMetadata(header.get("__metadata__"), fail);
    header.delete("__metadata__");
    const entries = [...header].map(([name, value]) => parseEntry(name, value, fail));
    entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
    checkLayout(entries, source.size - dataStart, fail);
    const tensors = entries.map(({ name, dtype, shape, begin }): [string, Stored] => {
      const read: Stored["read"] = (out, conversion) => readF32(source, dataStart + begin, conversion, out);
      return [name, { dtype, shape, read }];
    });
    return { tensors: new Map(tensors), metadata };
  });
}

async function readHeader(source: ByteSource, fail: Fail): Promise<Uint8Array> {
  if (source.size < 8) fail("CKPT_TRUNCATED", `a safetensors file has at least 8 bytes, this one has ${source.size}`);
  const start = await source.read(0, 8);
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER) fail("CKPT_HEADER", `the header claims ${length} bytes, at most ${MAX_HEADER} are allowed`);
  const size = Number(length);
  if (8 + size > source.size) {
    fail(
      "CKPT_TRUNCATED",
      `the header claims ${size} bytes, but the file has only ${source.size - 8} behind its length`,
    );
  }
  const header = await source.read(8, size);
  if (header[0] !== 0x7b) fail("CKPT_HEADER", `the header begins with byte ${header[0]}, expected "{"`);
  return header;
}

function parseMetadata(value: Json | undefined, fail: Fail): Map<string, string> {
  // null is no metadata, as in the reference
  if (value === undefined || value === null) return new Map();
  if (!(value instanceof Map)) return fail("CKPT_HEADER", "__metadata__ is not an object");
  for (const [key, text] of value) {
    if (typeof text !== "string") fail("CKPT_HEADER", `__metadata__: the value of ${quoted(key)} is not a string`);
  }
  return value as Map<string, string>;
}

function parseEntry(name: string, value: Json, fail: Fail): Entry {
  const what = `tensor ${quoted(name)}`;
  if (!(value instanceof Map))
    return fail("CKPT_HEADER", `${what}: expected an object with dtype, shape and data_offsets`);
  const dtype = value.get("dtype");
  if (typeof dtype !== "string") return fail("CKPT_HEADER", `${what}: dtype is missing or not a string`);
  const bits = BITS.get(dtype) ?? fail("CKPT_DTYPE", `${what}: unknown dtype ${quoted(dtype)}`);
  const shape = value.get("shape");
  if (!isSizes(shape)) return fail("CKPT_HEADER", `${what}: shape is not a list of non-negative integers`);
  const offsets = value.get("data_offsets");
  if (!isSizes(offsets)) return fail("CKPT_HEADER", `${what}: data_offsets is not a list of non-negative integers`);
  if (offsets.length !== 2) fail("CKPT_OFFSETS", `${what}: expected 2 data_offsets, found ${offsets.length}`);
  const [begin, end] = offsets;
  if (begin > end) fail("CKPT_OFFSETS", `${what}: its data begins at ${begin} and ends before, at ${end}`);
  // no number where the count is not exact in f64 or the last byte would be shared
  const total = product([bits, ...shape]);
  const bytes = total !== undefined && total % 8 === 0 ? total / 8 : undefined;
  if (bytes !== end - begin) {
    fail(
      "CKPT_OFFSETS",
      `${what}: ${dtype} of shape [${shape}] needs ${bytes ?? "too many"} bytes, its offsets give ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isSizes(value: Json | undefined): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}

/** The tensors, in the order of their data, have to cover all of it without holes and overlaps. */
function checkLayout(entries: readonly Entry[], dataBytes: number, fail: Fail): void {
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered) {
      const what = begin > covered ? "behind a hole: the data before it ends" : "inside another tensor, which ends";
      fail("CKPT_OFFSETS", `tensor ${quoted(name)} begins at ${begin}, ${what} at ${covered}`);
    }
    covered = end;
  }
  if (covered > dataBytes) fail("CKPT_TRUNCATED", `${covered} bytes of data are declared, the file has ${dataBytes}`);
  if (covered < dataBytes) fail("CKPT_OFFSETS", `${dataBytes - covered} bytes at the end belong to no tensor`);
}
