// The images of the data side: a small one of numbers, and a photograph of 12 megapixels as a camera writes it.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { cache, root } from "./inside.mjs";

/** 640 x 480 smooth gradients with grain, u8 RGB. */
export function smallImage() {
  const [width, height] = [640, 480];
  const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 60 * Math.sin(x / (20 + 9 * c)) + 50 * Math.cos(y / 31) + (Math.imul(i, 0x9e3779b9) >>> 28);
  });
  return { pixels, width, height };
}

/** Of the sensor's noise, in levels: the file gets the 3 to 5 MB that cameras write. */
const GRAIN = 16;

/** Path of a JPEG of 4000 x 3000 pixels: a sample photograph enlarged, with grain. Made once. */
export async function photograph() {
  const path = join(cache, "photograph.jpg");
  if (existsSync(path)) return path;
  const { default: sharp } = await import("sharp");
  const raw = { width: 4000, height: 3000, channels: 3 };
  const { width, height } = raw;
  const sample = join(root, "sdk/demo/samples/wood-oak.jpg");
  const pixels = await sharp(sample).resize({ width, height, fit: "fill" }).removeAlpha().raw().toBuffer();
  let x = 1;
  for (let i = 0; i < pixels.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    pixels[i] = Math.max(0, Math.min(255, pixels[i] + (x % GRAIN)));
  }
  await sharp(pixels, { raw }).jpeg({ quality: 90 }).toFile(path);
  return path;
}
