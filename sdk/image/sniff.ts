/** Reads format and size of an image file from its header, so that no decoder sees a file that is broken, huge or of another kind. */

import { ImageError } from "../../gpu/errors.js";
import { describeMagic, startsWith } from "../io/magic.js";

/** What the header declares. `width` and `height` are those of the stored pixels, before any EXIF orientation. */
export interface ImageHeader {
  readonly format: "jpeg" | "png" | "webp";
  readonly width: number;
  readonly height: number;
  /** Colour and alpha channels; a palette counts as 3. For WebP 3 or 4. */
  readonly channels: number;
  /** Bits of a sample (of an index where there is a palette). */
  readonly bits: number;
}

/** The most pixels that an image may have: 64 million. */
export const MAX_PIXELS = 64e6;

const SIGNATURES = {
  jpeg: "\xff\xd8\xff",
  png: "\x89PNG\r\n\x1a\n",
  webp: "RIFF????WEBP",
} as const;
const FORMATS = ["jpeg", "png", "webp"] as const;

/**
 * Reads the header of a JPEG, PNG or WebP file. `name` is for messages.
 * @throws ImageError IMG_EMPTY, IMG_FORMAT (names what the file is), IMG_CORRUPT (header cut off or malformed), IMG_SIZE (no pixels, or
 * more than `MAX_PIXELS`), IMG_CMYK.
 */
export function sniffImage(bytes: Uint8Array, name: string): ImageHeader {
  if (bytes.length === 0)
    throw new ImageError("IMG_EMPTY", `${name}: the file is empty; expected a JPEG, PNG or WebP image`);
  const format = FORMATS.find((candidate) => startsWith(bytes, SIGNATURES[candidate]));
  if (!format) {
    throw new ImageError(
      "IMG_FORMAT",
      `${name}: ${describeMagic(bytes)}; expected a JPEG, PNG or WebP image: convert it first`,
    );
  }
  const header = READERS[format](new Header(bytes, name));
  checkSize(header, name);
  return header;
}

function checkSize({ width, height }: ImageHeader, name: string): void {
  const size = `${name}: the image is ${width}x${height} pixels`;
  if (width === 0 || height === 0) throw new ImageError("IMG_SIZE", `${size}; expected at least 1x1`);
  if (width * height > MAX_PIXELS) {
    throw new ImageError("IMG_SIZE", `${size}; at most ${MAX_PIXELS / 1e6} million are decoded: make it smaller first`);
  }
}

/** Bounds-checked reads of a file's header. */
class Header {
  readonly view: DataView;

  constructor(
    bytes: Uint8Array,
    readonly name: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The error for a header that is cut off or malformed. */
  corrupt(what: string): ImageError {
    return new ImageError("IMG_CORRUPT", `${this.name}: broken image header (${what}); get the file again`);
  }

  private need(offset: number, length: number): void {
    if (offset + length > this.view.byteLength) throw this.corrupt(`the file ends after ${this.view.byteLength} bytes`);
  }

  u8(offset: number): number {
    this.need(offset, 1);
    return this.view.getUint8(offset);
  }

  /** Big-endian, as JPEG and PNG are. */
  u16(offset: number): number {
    this.need(offset, 2);
    return this.view.getUint16(offset);
  }

  u32(offset: number): number {
    this.need(offset, 4);
    return this.view.getUint32(offset);
  }

  /** Little-endian, as WebP is. */
  u16le(offset: number): number {
    this.need(offset, 2);
    return this.view.getUint16(offset, true);
  }

  u24le(offset: number): number {
    return this.u16le(offset) + 0x10000 * this.u8(offset + 2);
  }

  u32le(offset: number): number {
    this.need(offset, 4);
    return this.view.getUint32(offset, true);
  }

  /** Four characters, the name of a chunk. */
  tag(offset: number): string {
    return String.fromCharCode(...[0, 1, 2, 3].map((i) => this.u8(offset + i)));
  }
}

/** Walks the markers up to the frame header (ITU T.81, B.2.2). Each step moves forward, so the file's length bounds the loop. */
function jpegHeader(h: Header): ImageHeader {
  let at = 2;
  for (;;) {
    // Like libjpeg: bytes before a marker, and fill bytes 0xFF in front of its code, are passed over.
    while (h.u8(at) !== 0xff) at++;
    while (h.u8(at) === 0xff) at++;
    const marker = h.u8(at++);
    if (isFrame(marker)) return jpegFrame(h, at);
    if (marker === 0xda || marker === 0xd9) throw h.corrupt("no frame header before the image data");
    if (hasLength(marker)) at += segmentLength(h, at);
  }
}

/** SOF0 to SOF15; DHT, JPG and DAC lie in the same range and are none. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** All but stuffed zeros, TEM, RSTn and SOI. */
export function hasLength(marker: number): boolean {
  return marker > 0x01 && !(marker >= 0xd0 && marker <= 0xd8);
}

function segmentLength(h: Header, at: number): number {
  const length = h.u16(at);
  if (length < 2) throw h.corrupt(`a segment of ${length} bytes`);
  return length;
}

function jpegFrame(h: Header, at: number): ImageHeader {
  const channels = h.u8(at + 7);
  if (channels === 4) {
    throw new ImageError(
      "IMG_CMYK",
      `${h.name}: a CMYK JPEG, whose colours are not defined without its profile; convert it to RGB first`,
    );
  }
  if (channels !== 1 && channels !== 3) throw h.corrupt(`${channels} colour components`);
  checkJpegEnd(h, at);
  return { format: "jpeg", bits: h.u8(at + 2), height: h.u16(at + 3), width: h.u16(at + 5), channels };
}

/** Looks for EOI behind the frame header (before it, a thumbnail has its own): where the data is cut off, browsers may show what there is. */
function checkJpegEnd({ view, name }: Header, frame: number): void {
  let at = view.byteLength - 2;
  while (at > frame && view.getUint16(at) !== 0xffd9) at--;
  if (at <= frame)
    throw new ImageError("IMG_CORRUPT", `${name}: the jpeg data is truncated or broken (no end); get the file again`);
}

/** Channels of each PNG colour type. */
const PNG_CHANNELS = new Map([
  [0, 1],
  [2, 3],
  [3, 3],
  [4, 2],
  [6, 4],
]);

/** The IHDR chunk (W3C PNG, 11.2.1), and whether the file is whole. */
function pngHeader(h: Header): ImageHeader {
  if (h.u32(8) !== 13 || h.tag(12) !== "IHDR") throw h.corrupt("the first chunk is not IHDR");
  const channels = PNG_CHANNELS.get(h.u8(25));
  if (channels === undefined) throw h.corrupt(`colour type ${h.u8(25)}`);
  checkPngEnd(h);
  return { format: "png", width: h.u32(16), height: h.u32(20), bits: h.u8(24), channels };
}

/** Walks the chunks up to IEND: where the end is missing OpenCV refuses the file, other decoders may not notice. */
function checkPngEnd(h: Header): void {
  let at = 8;
  while (h.tag(at + 4) !== "IEND") at += 12 + h.u32(at);
  h.u32(at + 8); // its checksum, the last bytes of the file
}

/** The first chunk: VP8 (lossy), VP8L (lossless) or VP8X (extended), RFC 9649. */
function webpHeader(h: Header): ImageHeader {
  const kind = h.tag(12);
  if (kind === "VP8X") {
    const channels = h.u8(20) & 0x10 ? 4 : 3;
    return { format: "webp", width: h.u24le(24) + 1, height: h.u24le(27) + 1, channels, bits: 8 };
  }
  if (kind === "VP8L") {
    if (h.u8(20) !== 0x2f) throw h.corrupt("VP8L without its signature");
    const packed = h.u32le(21);
    const channels = (packed >>> 28) & 1 ? 4 : 3;
    return { format: "webp", width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1, channels, bits: 8 };
  }
  if (kind !== "VP8 ") throw h.corrupt(`first chunk ${JSON.stringify(kind)}`);
  if (h.u24le(23) !== 0x2a019d) throw h.corrupt("VP8 without its start code");
  return { format: "webp", width: h.u16le(26) & 0x3fff, height: h.u16le(28) & 0x3fff, channels: 3, bits: 8 };
}

const READERS = { jpeg: jpegHeader, png: pngHeader, webp: webpHeader };
