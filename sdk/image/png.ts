/**
 * PNG files with nothing but their picture, and what of it a browser's own decoder would change: alpha (a canvas changes the colours below
 * it) and 16 bits. Chunks and their order: W3C PNG, third edition; decoding: fast-png.
 */

import { decode } from "fast-png";
import type { Image } from "./image.js";
import { pickChannels } from "./pixels.js";
import type { ImageHeader } from "./sniff.js";

interface Chunk {
  readonly type: string;
  /** The whole chunk: length, type, data, checksum. */
  readonly bytes: Uint8Array;
  readonly data: Uint8Array;
}

const SIGNATURE = 8;
const [BITS, COLOUR_TYPE] = [SIGNATURE + 16, SIGNATURE + 17];

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

/** CRC-32 (5.5) of a chunk's name and data. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0xedb88320);
  }
  return ~crc;
}

const checksumOf = ({ bytes }: Chunk) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getInt32(bytes.length - 4);
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
  view.setInt32(8 + 3 * count, crc32(whole.subarray(4, -4)));
  return whole;
}

/** Ancillary chunks have a small first letter (5.4). */
const isAncillary = ({ type }: Chunk) => type >= "a";

/**
 * The file with its critical chunks alone, header, palette and pixels: opaque, as stored, without colour profile, text and animation. Of
 * several runs of IDAT it keeps the first, as libpng does.
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
 * @throws Error where the data is broken, by checksum, length or filter.
 */
export async function decodeDeepPng(file: Uint8Array, header: ImageHeader): Promise<Image> {
  await checkLength(file, header);
  const { data } = decode(file, { checkCrc: true });
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // samples of 16 bits lie in memory as this machine's are: the high byte last
  const width = header.bits / 8;
  const colours = header.channels < 3 ? [0, 0, 0] : [0, 1, 2];
  const [r, g, b] = colours.map((c) => width * c + width - 1);
  return pickChannels(bytes, header, width * header.channels, [r, g, b]);
}

/** The seven passes of Adam7: offset and step along x and y. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
const INTERLACED = SIGNATURE + 20;

/** Bytes of the inflated pixels: each row with its filter, of each pass that has pixels. */
function inflatedBytes(file: Uint8Array, { width, height, bits, channels }: ImageHeader): number {
  const passes = file[INTERLACED] === 1 ? ADAM7 : [[0, 0, 1, 1]];
  return passes.reduce((sum, [x, y, dx, dy]) => {
    const columns = Math.ceil((width - x) / dx);
    return sum + (columns > 0 ? Math.max(0, Math.ceil((height - y) / dy)) * (1 + (columns * channels * bits) / 8) : 0);
  }, 0);
}

/** Inflates without keeping anything: fast-png would take missing pixels for zeros, and keep whatever a few bytes inflate to. */
async function checkLength(file: Uint8Array, header: ImageHeader): Promise<void> {
  const expected = inflatedBytes(file, header);
  const idat = chunks(file).filter(isPixels);
  const compressed = new Blob(idat.map(({ data }) => data as Uint8Array<ArrayBuffer>));
  const reader = compressed.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let found = 0;
  for (let part = await reader.read(); !part.done && found <= expected; part = await reader.read()) {
    found += part.value.length;
  }
  await reader.cancel();
  if (found !== expected) throw new Error(`${expected} bytes of pixels expected, found ${found}`);
}
