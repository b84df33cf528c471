/** Reads format and size of an image file from its header, so that no decoder sees a file that is broken, huge or of another kind. */

import { type ErrorCode, ImageError } from "../../gpu/errors.js";
import { describeMagic, startsWith } from "../io/magic.js";
import { endsHeader, isFrame, segments } from "./jpeg.js";

/** What the header declares. `width` and `height` are those of the stored pixels, before any EXIF orientation. */
export interface ImageHeader {
  readonly format: "jpeg" | "png" | "webp";
  readonly width: number;
  readonly height: number;
  /** Colour and alpha channels; a palette counts as 3. For WebP 3 or 4. */
  readonly channels: number;
  /** Bits of a sample (of an index where there is a palette). */
  readonly bits: number;
  /** True for a JPEG of arithmetic coding. */
  readonly arithmetic?: true;
}

/** Which files are decoded: JPEG, PNG and WebP, alike in every runtime, or any that this runtime's decoder reads. */
export type Formats = "exact" | "any";

/** Whether a file is of a format that some decoders read and `sniffImage` does not. */
export const isOther = (bytes: Uint8Array): boolean => /(GIF|TIFF|AVIF|HEIC) image$/.test(describeMagic(bytes));

/** The most pixels that an image may have: 64 million. */
export const MAX_PIXELS = 64e6;

/** First bytes and reader of each format. */
const FORMATS = [
  ["\xff\xd8\xff", jpegHeader],
  ["\x89PNG\r\n\x1a\n", pngHeader],
  ["RIFF????WEBP", webpHeader],
] as const;

/** Throws an ImageError that begins with the file's name. */
type Fail = (code: ErrorCode, what: string) => never;

/**
 * Reads the header of a JPEG, PNG or WebP file. `name` is for messages.
 * @throws ImageError IMG_EMPTY, IMG_FORMAT (names what the file is), IMG_CORRUPT (header cut off or malformed), IMG_SIZE (no pixels, or
 * more than `MAX_PIXELS`), IMG_CMYK.
 */
export function sniffImage(bytes: Uint8Array, name: string): ImageHeader {
  const fail: Fail = (code, what) => {
    throw new ImageError(code, `${name}: ${what}`);
  };
  if (bytes.length === 0) fail("IMG_EMPTY", "the file is empty; expected a JPEG, PNG or WebP image");
  const [, read] =
    FORMATS.find(([signature]) => startsWith(bytes, signature)) ??
    fail("IMG_FORMAT", `${describeMagic(bytes)}; expected a JPEG, PNG or WebP image: convert it first`);
  const header = whole(bytes, read, fail);
  const { width, height } = header;
  const size = `the image is ${width}x${height} pixels`;
  if (width === 0 || height === 0) fail("IMG_SIZE", `${size}; expected at least 1x1`);
  if (width * height > MAX_PIXELS) {
    fail("IMG_SIZE", `${size}; at most ${MAX_PIXELS / 1e6} million are decoded: make it smaller first`);
  }
  return header;
}

/** What `read` finds; views throw a RangeError where the file ends before. */
function whole(bytes: Uint8Array, read: (view: DataView, fail: Fail) => ImageHeader, fail: Fail): ImageHeader {
  try {
    return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), fail);
  } catch (error) {
    if (error instanceof RangeError) return corrupt(`the file ends after ${bytes.length} bytes`, fail);
    throw error;
  }
}

/** For a header that is cut off or malformed. */
const corrupt = (what: string, fail: Fail) => fail("IMG_CORRUPT", `broken image header (${what}); get the file again`);

/** Four characters, the name of a chunk. */
const tag = (view: DataView, at: number) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

const u24le = (view: DataView, at: number) => view.getUint16(at, true) + 0x10000 * view.getUint8(at + 2);

/** Walks the markers up to the frame header (ITU T.81, B.2.2). */
function jpegHeader(view: DataView, fail: Fail): ImageHeader {
  for (const { marker, at, end } of segments(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))) {
    if (isFrame(marker)) return jpegFrame(view, marker, at, fail);
    if (at >= view.byteLength) break;
    if (endsHeader(marker)) corrupt("no frame header before the image data", fail);
    if (end < at + 2) corrupt(`a segment of ${end - at} bytes`, fail);
  }
  throw new RangeError();
}

/** Frames that OpenCV's libjpeg does not decode either (table B.1): the lower two bits of the marker, and bit 2; and SOF55 of JPEG-LS. */
function uncommonFrame(marker: number, bits: number): string | undefined {
  if (marker === 0xf7) return "a JPEG-LS image";
  if (marker & 4) return "a hierarchical JPEG";
  if ((marker & 3) === 3) return "a lossless JPEG";
  return bits === 8 ? undefined : `a JPEG of ${bits} bits a sample`;
}

function jpegFrame(view: DataView, marker: number, at: number, fail: Fail): ImageHeader {
  const bits = view.getUint8(at + 2);
  const uncommon = uncommonFrame(marker, bits);
  if (uncommon) fail("IMG_FORMAT", `${uncommon}, which is not decoded; convert it to a baseline JPEG of 8 bits first`);
  const channels = view.getUint8(at + 7);
  if (channels === 4) {
    fail("IMG_CMYK", "a CMYK JPEG, whose colours are not defined without its profile; convert it to RGB first");
  }
  if (channels !== 1 && channels !== 3) corrupt(`${channels} colour components`, fail);
  checkJpegEnd(view, at, fail);
  return {
    format: "jpeg",
    bits,
    height: view.getUint16(at + 3),
    width: view.getUint16(at + 5),
    channels,
    ...(marker & 8 ? { arithmetic: true } : {}),
  };
}

/** Looks for EOI behind the frame header (before it, a thumbnail has its own): where the data is cut off, browsers may show what there is. */
function checkJpegEnd(view: DataView, frame: number, fail: Fail): void {
  let at = view.byteLength - 2;
  while (at > frame && view.getUint16(at) !== 0xffd9) at--;
  if (at <= frame) fail("IMG_CORRUPT", "the jpeg data is truncated or broken (no end); get the file again");
}

/** Channels of each PNG colour type. */
const PNG_CHANNELS: Readonly<Record<number, number | undefined>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/** The IHDR chunk (W3C PNG, 11.2.1), and whether the file is whole. */
function pngHeader(view: DataView, fail: Fail): ImageHeader {
  if (view.getUint32(8) !== 13 || tag(view, 12) !== "IHDR") corrupt("the first chunk is not IHDR", fail);
  const channels = PNG_CHANNELS[view.getUint8(25)];
  if (channels === undefined) return corrupt(`colour type ${view.getUint8(25)}`, fail);
  checkPngEnd(view, fail);
  return { format: "png", width: view.getUint32(16), height: view.getUint32(20), bits: view.getUint8(24), channels };
}

/** Checksum of IEND, which has no data. */
const IEND_CRC = 0xae426082;

/** Walks the chunks up to IEND: where the end is missing or broken OpenCV refuses the file, other decoders may not notice. */
function checkPngEnd(view: DataView, fail: Fail): void {
  let at = 8;
  for (let name = ""; name !== "IEND"; ) {
    name = tag(view, at + 4);
    if (!/^(IHDR|PLTE|IDAT|IEND|[a-z][A-Za-z]{3})$/.test(name)) corrupt(`chunk ${JSON.stringify(name)}`, fail);
    at += 12 + view.getUint32(at);
  }
  // the last bytes of the file; of an end with data, which no decoder reads, any
  const checksum = view.getUint32(at - 4);
  if (tag(view, at - 8) === "IEND" && checksum !== IEND_CRC) corrupt("wrong checksum of IEND", fail);
}

/** The first chunk: VP8 (lossy), VP8L (lossless) or VP8X (extended), RFC 9649. */
function webpHeader(view: DataView, fail: Fail): ImageHeader {
  const kind = tag(view, 12);
  if (kind === "VP8X") {
    const channels = view.getUint8(20) & 0x10 ? 4 : 3;
    return { format: "webp", width: u24le(view, 24) + 1, height: u24le(view, 27) + 1, channels, bits: 8 };
  }
  if (kind === "VP8L") {
    if (view.getUint8(20) !== 0x2f) corrupt("VP8L without its signature", fail);
    const packed = view.getUint32(21, true);
    const channels = (packed >>> 28) & 1 ? 4 : 3;
    return { format: "webp", width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1, channels, bits: 8 };
  }
  if (kind !== "VP8 ") corrupt(`first chunk ${JSON.stringify(kind)}`, fail);
  if (u24le(view, 23) !== 0x2a019d) corrupt("VP8 without its start code", fail);
  return {
    format: "webp",
    width: view.getUint16(26, true) & 0x3fff,
    height: view.getUint16(28, true) & 0x3fff,
    channels: 3,
    bits: 8,
  };
}
