/** Takes the picture out of a WebP file (RFC 9649), without what a browser would apply and OpenCV ignores: EXIF, colour profile, alpha plane. */

import { startsWith } from "../io/magic.js";

const ANIMATED = 0x02;

/**
 * Removes everything but the coded picture from a still WebP file; a lossy picture loses its alpha. Animated files are returned unchanged.
 * @throws Error if no picture is in it, or not the whole of it.
 */
export function bareWebp(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = 8 + new DataView(file.buffer, file.byteOffset).getUint32(4, true);
  if (whole > file.length) throw new Error("a chunk is cut off");
  file = file.subarray(0, whole);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (startsWith(file.subarray(12), "VP8X") && file[20] & ANIMATED) return new Uint8Array(file);
  for (let at = 12; at + 8 <= file.length; ) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length & 1);
    if (at + 8 + length > file.length) throw new Error("a chunk is cut off");
    if (startsWith(file.subarray(at), "VP8L") || startsWith(file.subarray(at), "VP8 ")) {
      const chunk = file.subarray(at, end);
      const bare = new Uint8Array(12 + chunk.length);
      bare.set(file.subarray(0, 12));
      bare.set(chunk, 12);
      new DataView(bare.buffer).setUint32(4, 4 + chunk.length, true);
      return bare;
    }
    at = end;
  }
  throw new Error("no picture in it");
}
