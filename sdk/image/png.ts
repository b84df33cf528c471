/**
 * What of a PNG file a browser's own decoder would change: alpha (a canvas changes the colours below it), 16 bits, colour profiles, and the
 * orientation, which not all of them apply. Chunks and their order: W3C PNG, third edition; decoding: fast-png.
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

/** The file with nothing but header, palette and pixels: opaque, as stored, without colour profile, text and animation. */
export function barePng(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = chunks(file).filter(({ type }) => ["IHDR", "PLTE", "IDAT", "IEND"].includes(type));
  const out = new Uint8Array(file.length);
  let size = 0;
  for (const bytes of [file.subarray(0, SIGNATURE), ...kept.map((chunk) => chunk.bytes)]) {
    out.set(bytes, size);
    size += bytes.length;
  }
  return out.subarray(0, size);
}

const ORIENTATION = 0x112;

/** The EXIF orientation, 1 to 8, of the eXIf chunk (Exif 3.0: a TIFF header, then a directory of 12-byte entries); 1 where it says none. */
export function pngOrientation(file: Uint8Array): number {
  const exif = chunks(file).find(({ type }) => type === "eXIf")?.data;
  if (!exif || exif.length < 8) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const little = exif[0] === 0x49;
  const first = view.getUint32(4, little) + 2;
  for (let at = first; at + 12 <= exif.length && at < first + 12 * view.getUint16(first - 2, little); at += 12) {
    const value = view.getUint16(at + 8, little);
    if (view.getUint16(at, little) === ORIENTATION) return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** Whether a browser's decoder and canvas would change the pixels: it has alpha or 16 bits a sample. */
export function isDeep({ bits, channels }: ImageHeader): boolean {
  return bits === 16 || channels === 2 || channels === 4;
}

/**
 * Decodes a PNG file of 8 or 16 bits without palette to RGB [H,W,3]: alpha dropped, grey expanded, of 16 bits the high byte; not turned.
 * @throws Error where the data is broken, by checksum, length or filter.
 */
export async function decodeDeepPng(file: Uint8Array, header: ImageHeader): Promise<Image> {
  await checkLength(file, header);
  const { data } = decode(barePng(file), { checkCrc: true });
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
  const idat = chunks(file).filter(({ type }) => type === "IDAT");
  const compressed = new Blob(idat.map(({ data }) => data as Uint8Array<ArrayBuffer>));
  const reader = compressed.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let found = 0;
  for (let part = await reader.read(); !part.done && found <= expected; part = await reader.read()) {
    found += part.value.length;
  }
  await reader.cancel();
  if (found !== expected) throw new Error(`${expected} bytes of pixels expected, found ${found}`);
}
