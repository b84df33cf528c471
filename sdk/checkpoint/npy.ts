/**
 * NumPy's `.npy` format, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), strictly: u8 and f32,
 * in C or Fortran order. The header is a Python literal; it is read by a grammar of just what may stand there and never evaluated.
 */

import { FileError, ShapeError } from "../../gpu/errors.js";
import { constant } from "../base/constant.js";
import { sizeOf } from "../base/tensor.js";
import { crc32 } from "../io/crc32.js";
import { startsWith } from "../io/magic.js";
import { copyBytes } from "../io/source.js";
import { joined } from "./encode.js";
import { ZipWriter } from "./torch/zip-write.js";

/** An array of u8 or f32, row-major. */
export type NpyArray =
  | { readonly dtype: "u8"; readonly data: Uint8Array<ArrayBuffer>; readonly shape: readonly number[] }
  | { readonly dtype: "f32"; readonly data: Float32Array<ArrayBuffer>; readonly shape: readonly number[] };

/** What can be written: its element type follows from `data`. */
export interface ArrayToWrite {
  readonly data: Uint8Array | Int32Array | Float32Array;
  readonly shape: readonly number[];
}

const MAGIC = "\x93NUMPY";

/** NumPy itself refuses longer ones, */
export const MAX_NPY_HEADER = 10_000;
/** and arrays of more dimensions. */
const MAX_DIMS = 64;

/** Bytes of an element of the supported types. */
const ITEM_BYTES = { "|u1": 1, "<i4": 4, "<f4": 4 } as const;

/**
 * Reads a `.npy` file. `name` is for messages.
 * @throws FileError NPY_FORMAT if it is none, of another element type, or longer or shorter than its shape.
 */
export function readNpy(bytes: Uint8Array, name: string): NpyArray {
  const fail = (what: string): never => {
    throw new FileError("NPY_FORMAT", `${name}: ${what}; expected a .npy file of uint8 or float32`);
  };
  const { descr, fortran, shape, dataStart } = parseNpyHeader(bytes, fail);
  if (descr !== "|u1" && descr !== "<f4") return fail(`element type ${JSON.stringify(descr)}`);
  const itemBytes = ITEM_BYTES[descr];
  const data = copyBytes(bytes, dataStart);
  if (data.length !== itemBytes * sizeOf(shape)) {
    const needed = itemBytes * sizeOf(shape);
    const end = data.length < needed ? ": it is cut off" : "";
    return fail(`shape [${shape}] needs ${needed} bytes of data, the file has ${data.length}${end}`);
  }
  const ordered = <T extends Uint8Array | Float32Array>(numbers: T) => (fortran ? rowMajor(numbers, shape) : numbers);
  return descr === "|u1"
    ? { dtype: "u8", data: ordered(data), shape }
    : { dtype: "f32", data: ordered(new Float32Array(data.buffer)), shape };
}

/** Numbers in Fortran order, of whose indices the first runs fastest, to C order, in which the last does; into `out`. */
export function rowMajor<T extends Uint8Array | Float32Array>(
  numbers: T,
  shape: readonly number[],
  out = numbers.slice() as T,
): T {
  // Those of one element would only be walked over.
  const sizes = shape.filter((size) => size !== 1);
  for (const [from, value] of numbers.entries()) {
    let rest = from;
    let to = 0;
    for (const size of sizes) {
      to = to * size + (rest % size);
      rest = Math.floor(rest / size);
    }
    out[to] = value;
  }
  return out;
}

/** What the first bytes of a `.npy` file say: the whole header has to be among them. `fail` throws. */
export function parseNpyHeader(bytes: Uint8Array, fail: (what: string) => never) {
  if (!startsWith(bytes, MAGIC))
    fail(bytes.length === 0 ? "the file is empty" : "the file does not begin with \\x93NUMPY");
  const version = bytes[6];
  if (bytes.length < 12) fail(`the file ends after ${bytes.length} bytes`);
  if (version < 1 || version > 3 || bytes[7] !== 0) fail(`version ${version}.${bytes[7]} of the format`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerStart = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = headerStart + length;
  if (length > MAX_NPY_HEADER) fail(`a header of ${length} bytes, at most ${MAX_NPY_HEADER} are read`);
  if (dataStart > bytes.length) fail(`the header claims ${length} bytes, the file ends after ${bytes.length}`);
  // Versions 1 and 2 are Latin-1 and 3 is UTF-8; everything that is accepted below is ASCII, the same in both.
  return { ...parseHeader(new TextDecoder("latin1").decode(bytes.subarray(headerStart, dataStart)), fail), dataStart };
}

const TEXT = `'[^'\\\\]*'|"[^"\\\\]*"`;
const SIZES = "\\(\\s*(?:(?:0|[1-9]\\d*)\\s*,\\s*)*(?:(?:0|[1-9]\\d*)\\s*)?\\)";
/** A key, its value (text without escapes, a truth value, a tuple of sizes), and a comma, which the last one needs not. */
const ENTRY = constant(
  () => new RegExp(`\\s*(${TEXT})\\s*:\\s*(?:(${TEXT})|(True|False)|(${SIZES}))\\s*(?:,|(?=\\}))`, "y"),
);

/** Parses the literal `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }` and its like. */
function parseHeader(literal: string, fail: (what: string) => never) {
  const header = new Map<string, string | boolean | number[]>();
  let at = /^\s*\{/.exec(literal)?.[0].length ?? fail("a malformed header: it does not begin with a brace");
  for (;;) {
    ENTRY.lastIndex = at;
    const [all, quoted, text, bool, sizes] = ENTRY.exec(literal) ?? [];
    if (all === undefined) break;
    const key = quoted.slice(1, -1);
    if (header.has(key)) fail(`the header has ${key} twice`);
    if (/^\(\s*\d+\s*\)$/.test(sizes)) fail("a malformed header: in Python a tuple of one has a comma");
    const shape = () => Array.from(sizes.matchAll(/\d+/g), Number);
    header.set(key, text === undefined ? (bool === undefined ? shape() : bool === "True") : text.slice(1, -1));
    at += all.length;
  }
  if (!/^\s*\}\s*$/.test(literal.slice(at))) fail(`a malformed header at character ${at}`);
  const { descr, fortran_order: fortran, shape } = Object.fromEntries(header);
  const complete = header.size === 3 && typeof descr === "string" && typeof fortran === "boolean" && isShape(shape);
  if (!complete) return fail(`a header with ${[...header.keys()].join(", ")} of these types`);
  return { descr, fortran, shape };
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_DIMS && value.every(Number.isSafeInteger);
}

/** A `.npy` file (version 1) of u8, i32 or f32, as NumPy writes it. @throws ShapeError if data and shape differ. */
export function writeNpy({ data, shape }: ArrayToWrite): Uint8Array<ArrayBuffer> {
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError("SHAPE_MISMATCH", `npy: shape [${shape}] needs ${sizeOf(shape)} numbers, got ${data.length}`);
  }
  const descr = data instanceof Uint8Array ? "|u1" : data instanceof Int32Array ? "<i4" : "<f4";
  return npyFile(descr, shape, data);
}

/** A one-dimensional `.npy` file of text (`<U`: UTF-32, padded by zeros to the longest). */
export function writeNpyStrings(strings: readonly string[]): Uint8Array<ArrayBuffer> {
  return joined([...streamNpyStrings(strings).parts()]);
}

/** A file in parts, and its length in bytes. */
export interface FileParts {
  readonly size: number;
  parts(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** An array whose elements come in parts, in order. */
export interface ArrayInParts {
  readonly dtype: keyof typeof DESCR;
  readonly shape: readonly number[];
  parts(): AsyncIterable<ArrayToWrite["data"]>;
}

const DESCR = { u8: "|u1", i32: "<i4", f32: "<f4" } as const;

/** What `writeNpy` gives, part by part. @throws ShapeError, at the end, if the parts are not as long as the shape says */
export function streamNpy({ dtype, shape, parts }: ArrayInParts): FileParts {
  const header = npyHeader(DESCR[dtype], shape);
  const size = header.length + ITEM_BYTES[DESCR[dtype]] * sizeOf(shape);
  return {
    size,
    async *parts() {
      yield header;
      let left = size - header.length;
      for await (const part of parts()) {
        left -= part.byteLength;
        yield bytesOf(part);
      }
      if (left === 0) return;
      throw new ShapeError("SHAPE_MISMATCH", `npy: shape [${shape}] needs ${sizeOf(shape)} elements of ${dtype}`);
    },
  };
}

/** What `writeNpyStrings` gives, one text at a time. `strings` is walked twice. */
export function streamNpyStrings(strings: Iterable<string>): { size: number; parts(): Generator<Uint8Array> } {
  let count = 0;
  let width = 1;
  for (const text of strings) {
    count++;
    width = Math.max(width, [...text].length);
  }
  const header = npyHeader(`<U${width}`, [count]);
  return {
    size: header.length + 4 * width * count,
    *parts() {
      yield header;
      for (const text of strings) {
        const points = new Uint32Array(width);
        points.set(Array.from(text, (char) => char.codePointAt(0)!));
        yield bytesOf(points);
      }
    },
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

function npyFile(descr: string, shape: readonly number[], data: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return joined([npyHeader(descr, shape), bytesOf(data)]);
}

/** What stands before the data: magic, version 1.0, header length, header padded by spaces to a multiple of 64. */
function npyHeader(descr: string, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const literal = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const dataStart = Math.ceil((10 + literal.length + 1) / 64) * 64;
  const header = `${MAGIC}\x01\0\0\0${literal.padEnd(dataStart - 11)}\n`;
  const bytes = Uint8Array.from(header, (char) => char.charCodeAt(0));
  new DataView(bytes.buffer).setUint16(8, dataStart - 10, true);
  return bytes;
}

/**
 * A `.npz` file: a zip of stored `.npy` files, which `numpy.load` gives back by the names of `entries`. It holds no date, so that the same
 * arrays give the same bytes.
 */
export function writeNpz(entries: Iterable<readonly [string, Uint8Array]>): Uint8Array<ArrayBuffer> {
  const zip = new ZipWriter();
  const members = [...entries].flatMap(([name, npy]) => zip.member(`${name}.npy`, npy));
  return joined([...members, ...zip.finish()]);
}

/** The same file part by part, from files that come in parts. */
export async function* streamNpz(entries: Iterable<readonly [string, FileParts]>): AsyncGenerator<Uint8Array> {
  const zip = new ZipWriter();
  for (const [name, { size, parts }] of entries) {
    yield* zip.begin(`${name}.npy`, size);
    let crc = 0;
    for await (const part of parts()) {
      crc = crc32(part, crc);
      yield part;
    }
    yield zip.end(crc);
  }
  yield* zip.finish();
}
