/** What decoders get of an image file, and how they have to turn its picture: the same in every runtime, as OpenCV 4.6 sees the file. */

import { bareJpeg, firstApp1 } from "./jpeg.js";
import { barePng, pngExif } from "./png.js";
import { type ImageHeader, sniffImage } from "./sniff.js";
import { bareWebp } from "./webp.js";

const ORIENTATION = 0x112;
/** ASCII tags: their count is the bytes that their value has. */
const TEXTS = [0x10e, 0x10f, 0x110, 0x131, 0x132, 0x8298];
/** Tags of rational numbers, and the bytes of their values. */
const RATIONALS = new Map([
  [0x11a, 8],
  [0x11b, 8],
  [0x13e, 16],
  [0x13f, 48],
  [0x211, 24],
  [0x214, 48],
]);

/**
 * The orientation, 1 to 8, in a TIFF header and its first directory of 12-byte entries (Exif 3.0, 4.6.2); 1 if it says none. The first one
 * holds, read as 16 bits whatever its type. It holds only if the values of OpenCV's other tags before it are within `tiff`.
 */
export function exifOrientation(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = tiff[0] === 0x49 && tiff[1] === 0x49;
  const u16 = (at: number) => view.getUint16(at, little);
  const u32 = (at: number) => view.getUint32(at, little);
  try {
    if (u16(2) !== 42) return 1;
    const first = u32(4) + 2;
    for (let at = first; at < first + 12 * u16(first - 2); at += 12) {
      const tag = u16(at);
      if (tag === ORIENTATION) {
        const value = u16(at + 8);
        return value >= 1 && value <= 8 ? value : 1;
      }
      const bytes = TEXTS.includes(tag) ? u32(at + 4) : RATIONALS.get(tag);
      // OpenCV looks for a text of up to 4 bytes at 8, not in its entry
      if (bytes && (bytes > 4 ? u32(at + 8) : 8) + bytes > tiff.length) return 1;
    }
  } catch (error) {
    // a view throws a RangeError beyond its end
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** Bytes of APP1 before the TIFF header: "Exif\0\0", which OpenCV does not look at. */
const APP1_HEADER = 6;

/**
 * A file that `sniffImage` has taken, with nothing but its picture, and the orientation, 1 to 8, that OpenCV's `imread` applies to it.
 * @throws Error, ImageError if the file has no picture, or one of another size than it says
 */
export function bareImage(
  file: Uint8Array,
  header: ImageHeader,
  name: string,
): { bare: Uint8Array<ArrayBuffer>; turn: number } {
  if (header.format === "webp") {
    const bare = bareWebp(file);
    const { width, height } = sniffImage(bare, name);
    if (width === header.width && height === header.height) return { bare, turn: 1 };
    throw new Error(`a picture of ${width}x${height} pixels in a file of ${header.width}x${header.height}`);
  }
  const isPng = header.format === "png";
  const exif = isPng ? pngExif(file) : firstApp1(file)?.subarray(APP1_HEADER);
  return { bare: isPng ? barePng(file) : bareJpeg(file), turn: exif ? exifOrientation(exif) : 1 };
}
