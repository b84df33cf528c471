/** Images that attack their decoders, with the code of the error that is right; "none" where what lies is not needed. */

import { deflateSync } from "node:zlib";
import { crc32 } from "../sdk/io/crc32.js";
import { latin1 } from "./helpers.js";

type Row = readonly [string, string, () => Uint8Array<ArrayBuffer>];

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(latin1(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A grey PNG that declares a size and holds these bytes of pixels. */
function png(width: number, height: number, pixels: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, 0, 0, 0, 0], 8);
  const parts = [
    latin1("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

/** A JPEG with a segment put behind its beginning. */
function withSegment(
  jpeg: Uint8Array,
  marker: number,
  data: Uint8Array,
  length = data.length + 2,
): Uint8Array<ArrayBuffer> {
  const head = Uint8Array.of(0xff, marker, length >> 8, length & 255);
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), head, data, jpeg.subarray(2)]));
}

function patched(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy.set(values, at);
  return copy;
}

/** Where a marker's segment has its data. */
const segment = (jpeg: Uint8Array, marker: number) =>
  jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === marker) + 4;

/** An EXIF directory whose next one is itself. */
const exifLoop = latin1("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\x08\0\0\0");

export function images(fixture: (name: string) => Uint8Array): Row[] {
  const jpeg = fixture("jpeg-420.jpg");
  const frame = segment(jpeg, 0xc0);
  const codes = segment(jpeg, 0xc4);
  return [
    ["a JPEG of 65,535 x 65,535", "IMG_SIZE", () => patched(jpeg, frame + 1, [255, 255, 255, 255])],
    ["a JPEG of no height", "IMG_SIZE", () => patched(jpeg, frame + 1, [0, 0])],
    ["a JPEG of no width", "IMG_SIZE", () => patched(jpeg, frame + 3, [0, 0])],
    ["a JPEG whose Huffman codes overrun", "IMG_CORRUPT", () => patched(jpeg, codes + 1, Array(16).fill(255))],
    ["a JPEG whose segment has no length", "IMG_CORRUPT", () => withSegment(jpeg, 0xe1, new Uint8Array(0), 0)],
    [
      "a JPEG whose segment is longer than the file",
      "IMG_CORRUPT",
      () => withSegment(jpeg, 0xe1, new Uint8Array(4), 0xffff),
    ],
    ["EXIF directories in a circle", "none", () => withSegment(jpeg, 0xe1, exifLoop)],
    [
      "an ICC profile that lies about its length",
      "none",
      () => withSegment(jpeg, 0xe2, latin1("ICC_PROFILE\0\x01\x01\xff\xff\xff\xffacsp")),
    ],
    ["a PNG of 2^31 - 1 pixels a side", "IMG_SIZE", () => png(2 ** 31 - 1, 2 ** 31 - 1, new Uint8Array(9))],
    ["a zlib bomb in a PNG of 4 pixels", "none", () => png(2, 2, new Uint8Array(2 ** 26))],
    ["a PNG with fewer pixels than it declares", "IMG_CORRUPT", () => png(1000, 1000, new Uint8Array(9))],
    ["a PNG without IEND", "IMG_CORRUPT", () => png(2, 2, new Uint8Array(6)).slice(0, -12)],
    [
      "a PNG whose chunk is longer than the file",
      "IMG_CORRUPT",
      () => patched(png(2, 2, new Uint8Array(6)), 33, [255, 255, 255, 255]),
    ],
    [
      "an SVG with an entity",
      "IMG_FORMAT",
      () => latin1('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
    ],
    [
      "a WebP of 16,384 x 16,384 in 30 bytes",
      "IMG_SIZE",
      () => latin1("RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0/\xff\xff\xff\x0f\0\0\0\0\0"),
    ],
    ["a pickle called .jpg", "IMG_FORMAT", () => latin1("\x80\x02cos\nsystem\n.")],
  ];
}
