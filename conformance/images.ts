/** Test images that are computed from their names, by the generator of procedural weights. */

import type { Image } from "../sdk/image/image.js";
import { fnv1a32, u32 } from "../sdk/model/fill.js";

/** Noise: every byte random. u8 RGB `[h,w,3]`. */
export function noiseImage(name: string, height: number, width: number): Image {
  const key = fnv1a32(name);
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < data.length; i++) data[i] = u32(key, i) >>> 24;
  return { data, width, height };
}

/** Value noise between random colours every 32 pixels, plus noise of 4 bits, only in integers. u8 RGB `[h,w,3]`. */
export function smoothImage(name: string, height: number, width: number): Image {
  const control = fnv1a32(`${name}/ctrl`);
  const noise = fnv1a32(`${name}/n`);
  const columns = (width >> 5) + 2;
  const colour = (gy: number, gx: number, c: number) => u32(control, (gy * columns + gx) * 3 + c) >>> 24;
  const data = new Uint8ClampedArray(height * width * 3);
  for (let i = 0; i < data.length; i++) {
    const c = i % 3;
    const x = ((i / 3) | 0) % width;
    const y = (i / (3 * width)) | 0;
    const [gx, gy, fx, fy] = [x >> 5, y >> 5, x & 31, y & 31];
    const top = colour(gy, gx, c) * (32 - fx) + colour(gy, gx + 1, c) * fx;
    const bottom = colour(gy + 1, gx, c) * (32 - fx) + colour(gy + 1, gx + 1, c) * fx;
    data[i] = ((top * (32 - fy) + bottom * fy + 512) >> 10) + (u32(noise, i) >>> 28) - 8;
  }
  return { data: new Uint8Array(data.buffer), width, height };
}
