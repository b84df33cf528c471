/**
 * PNG files with nothing but their picture, and what of it a browser's own decoder would change: alpha (a canvas changes the colours below
 * it) and 16 bits. Chunks, filters and passes: W3C PNG, third edition.
 */

import { crc32 } from "../io/crc32.js";
import type { Image } from "./image.js";
import type { ImageHeader } from "./sniff.js";

interface Chunk {
  readonly type: string;
  /** The whole chunk: length, type, data, checksum. */
  readonly bytes: Uint8Array;
  readonly data: Uint8Array;
}

const SIGNATURE = 8;
/** Where the first chunk, which begins behind the signature, has these bytes. */
const [BITS, COLOUR_TYPE, INTERLACED] = [24, 25, 28];

const isPixels = ({ type }: Chunk) => type === "IDAT";

/** The chunks up to IEND of a file that `sniffImage` has walked. */
function chunks(file: Uint8Array): Chunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found: Chunk[] = [];
  for (let at = SIGNATURE; found.at(-1)?.type !== "IEND"; ) {
    const end = at + 12 + view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    found.push({ type, bytes: file.subarray(at, end), data: file.subarray(at + 8, end - 4) });
    at = end;
  }
  return found;
}

const checksumOf = ({ bytes }: Chunk) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4);
const isIntact = (chunk: Chunk) => crc32(chunk.bytes.subarray(4, -4)) === checksumOf(chunk);

/** A palette's chunk with `count` colours: decoders do not agree on an index beyond its end, which is black to libpng. */
function wholePalette(chunk: Chunk, count: number): Uint8Array {
  const { data, bytes } = chunk;
  if (data.length === 0 || data.length % 3 !== 0 || !isIntact(chunk)) throw new Error("a broken palette");
  if (data.length >= 3 * count) return bytes;
  const whole = new Uint8Array(12 + 3 * count);
  whole.set(bytes.subarray(0, -4));
  const view = new DataView(whole.buffer);
  view.setUint32(0, 3 * count);
  view.setUint32(8 + 3 * count, crc32(whole.subarray(4, -4)));
  return whole;
}

/** Ancillary chunks have a small first letter (5.4). */
const isAncillary = ({ type }: Chunk) => type >= "a";

/**
 * The file with only its critical chunks, header, palette and pixels: opaque, as stored, without colour profile, text and animation. It
 * keeps the first of several runs of IDAT, as libpng does.
 * @throws Error if the palette is broken
 */
export function barePng(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = chunks(file);
  const first = all.findIndex(isPixels);
  const run = all.slice(first).findIndex((chunk) => !isPixels(chunk));
  const parts = [file.subarray(0, SIGNATURE)];
  for (const [i, chunk] of all.entries()) {
    if (isAncillary(chunk) || (isPixels(chunk) && i >= first + run)) continue;
    parts.push(chunk.type === "PLTE" && file[COLOUR_TYPE] === 3 ? wholePalette(chunk, 1 << file[BITS]) : chunk.bytes);
  }
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let size = 0;
  for (const part of parts) {
    out.set(part, size);
    size += part.length;
  }
  return out;
}

/** The eXIf chunk that libpng takes: the first whose checksum holds and that begins with one of the two byte orders. */
export function pngExif(file: Uint8Array): Uint8Array | undefined {
  const isOrder = ([a, b]: Uint8Array) => a === b && (a === 0x49 || a === 0x4d);
  return chunks(file).find((chunk) => chunk.type === "eXIf" && isOrder(chunk.data) && isIntact(chunk))?.data;
}

/** Whether a browser's decoder and canvas would change the pixels: a PNG with alpha or 16 bits a sample. */
export function isDeep({ format, bits, channels }: ImageHeader): boolean {
  return format === "png" && (bits === 16 || channels === 2 || channels === 4);
}

/**
 * Decodes a bare PNG file of 8 or 16 bits without palette to RGB [H,W,3]: alpha dropped, grey expanded, of 16 bits the high byte; not turned.
 * @throws Error if the data is broken, by checksum, length or filter.
 */
export async function decodeDeepPng(file: Uint8Array, header: ImageHeader): Promise<Image> {
  const { width, height, bits, channels } = header;
  const passes = passesOf(file, header);
  const filtered = await inflated(
    file,
    passes.reduce((sum, { rows, bytes }) => sum + rows * (1 + bytes), 0),
  );
  const data = new Uint8Array(3 * width * height);
  const sample = bits / 8;
  const colours = channels < 3 ? [0, 0, 0] : [0, sample, 2 * sample];
  let at = 0;
  for (const { x, y, dx, dy, rows, bytes } of passes) {
    let above: Uint8Array = new Uint8Array(bytes);
    for (let row = 0; row < rows; row++) {
      const line = filtered.subarray(at + 1, at + 1 + bytes);
      unfilter(line, above, filtered[at], channels * sample);
      let to = 3 * ((y + row * dy) * width + x);
      for (let from = 0; from < bytes; from += channels * sample) {
        for (let c = 0; c < 3; c++) data[to + c] = line[from + colours[c]];
        to += 3 * dx;
      }
      above = line;
      at += 1 + bytes;
    }
  }
  return { data, width, height };
}

/** The seven passes of Adam7 (8.2): offset and step along x and y. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The passes that have pixels, with how many rows they have and of how many bytes, without the filter's. */
function passesOf(file: Uint8Array, { width, height, bits, channels }: ImageHeader) {
  const all = file[INTERLACED] === 1 ? ADAM7 : [[0, 0, 1, 1]];
  return all
    .map(([x, y, dx, dy]) => {
      const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
      return { x, y, dx, dy, rows, bytes: (columns * channels * bits) / 8 };
    })
    .filter(({ rows, bytes }) => rows > 0 && bytes > 0);
}

/** The inflated pixels, which must be `expected` bytes: nothing beyond is kept, whatever a few bytes inflate to. */
async function inflated(file: Uint8Array, expected: number): Promise<Uint8Array> {
  const all = chunks(file);
  const broken = all.find((chunk) => !isIntact(chunk));
  if (broken) throw new Error(`a wrong checksum of ${broken.type}`);
  const compressed = new Blob(all.filter(isPixels).map(({ data }) => data as Uint8Array<ArrayBuffer>));
  const reader = compressed.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const bytes = new Uint8Array(expected);
  let found = 0;
  for (let part = await reader.read(); !part.done && found <= expected; part = await reader.read()) {
    if (found + part.value.length <= expected) bytes.set(part.value, found);
    found += part.value.length;
  }
  await reader.cancel();
  if (found !== expected) throw new Error(`${expected} bytes of pixels expected, found ${found}`);
  return bytes;
}

/** What filters 1 to 4 (9.2) add to a byte: of the bytes to its left, above, and above to the left. */
const predictors: readonly ((left: number, up: number, corner: number) => number)[] = [
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => {
    const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
    if (a <= b && a <= c) return left;
    return b <= c ? up : corner;
  },
];

/** Takes a filter off a row in place; `pixel`: bytes of a pixel. */
function unfilter(row: Uint8Array, above: Uint8Array, filter: number, pixel: number): void {
  if (filter === 0) return;
  const predict = predictors[filter - 1];
  if (!predict) throw new Error(`an unknown filter, ${filter}`);
  for (let i = 0; i < row.length; i++) {
    const inside = i >= pixel;
    row[i] += predict(inside ? row[i - pixel] : 0, above[i], inside ? above[i - pixel] : 0);
  }
}
