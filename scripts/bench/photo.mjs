// The images of the data side: a small one of numbers, and photographs as cameras write them.

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { once, root } from "./inside.mjs";

/** 640 x 480 smooth gradients with grain, u8 RGB. */
export function smallImage() {
  const [width, height] = [640, 480];
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 60 * Math.sin(x / (20 + 9 * c)) + 50 * Math.cos(y / 31) + (Math.imul(i, 0x9e3779b9) >>> 28);
  });
  return { data, width, height };
}

/**
 * Paths of `count` JPEGs of this size: the samples enlarged, with `grain` (a standard deviation, in levels), so that they decode as slowly
 * as a camera's. Made once.
 */
export async function photographs({ width, height, count, grain = 8 }) {
  const samples = join(root, "sdk/demo/samples");
  const folder = await once(`folder-${width}x${height}-${count}-${grain}`, async (unfinished) => {
    const { default: sharp } = await import("sharp");
    mkdirSync(unfinished, { recursive: true });
    const names = readdirSync(samples).filter((name) => name.endsWith(".jpg"));
    const noise = { type: "gaussian", mean: 128, sigma: grain };
    for (let i = 0; i < count; i++) {
      const noisy = sharp({ create: { width, height, channels: 3, noise } }).png();
      await sharp(join(samples, names[i % names.length]))
        .resize({ width, height, fit: "fill" })
        .composite([{ input: await noisy.toBuffer(), blend: "soft-light" }])
        .jpeg({ quality: 90 })
        .toFile(join(unfinished, `${String(i).padStart(3, "0")}.jpg`));
    }
  });
  return readdirSync(folder).map((name) => join(folder, name));
}
