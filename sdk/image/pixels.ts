/** Copies of u8 pixels in WASM: channels picked, pictures turned. */

import { type Scratch, withScratch } from "../wasm/data.js";
import type { Image } from "./image.js";
import type { Pixels, Size } from "./resample.js";

/** Copies an image into WASM memory. */
export function put({ put }: Scratch, { data, width, height }: Image): Pixels {
  return { address: put(data), width, height };
}

/** Copies an image out of WASM memory. */
export function take({ u8 }: Scratch, { address, width, height }: Pixels): Image {
  return { data: u8(address, 3 * width * height), width, height };
}

/** RGB [H,W,3] out of pixels of `stride` bytes, in which red, green and blue lie at `offsets`. */
export function pickChannels(
  bytes: Uint8Array,
  { width, height }: Size,
  stride: number,
  [r, g, b]: readonly [number, number, number],
): Image {
  return withScratch((scratch) => {
    const address = scratch.alloc(3 * width * height);
    scratch.exports.rgbPixels(scratch.put(bytes), address, width * height, stride, r, g, b);
    return take(scratch, { address, width, height });
  });
}

/** Turns and mirrors an image as the EXIF orientation 1 to 8 says (1: as it is; 5 to 8 exchange width and height). */
export function orient(image: Image, orientation: number): Image {
  if (orientation === 1) return image;
  const { width: w, height: h } = image;
  // where the first pixel goes, and how far its neighbours along x and along y are from there, in pixels of the result
  const [first, dx, dy] = [
    [0, 1, w],
    [w - 1, -1, w],
    [w * h - 1, -1, -w],
    [w * (h - 1), 1, -w],
    [0, h, 1],
    [h - 1, h, -1],
    [w * h - 1, -h, -1],
    [h * (w - 1), -h, 1],
  ][orientation - 1];
  const [width, height] = orientation < 5 ? [w, h] : [h, w];
  return withScratch((scratch) => {
    const address = scratch.alloc(3 * w * h);
    scratch.exports.movePixels(scratch.put(image.data), w, h, address, first, dx, dy);
    return take(scratch, { address, width, height });
  });
}
