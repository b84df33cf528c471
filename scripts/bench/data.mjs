// Times the data side: HOG of a 224 x 224 image, a 14 x 14 mask, and preprocessing of a 640 x 480 image.

import { measure } from "./measure.mjs";

/** A 640 x 480 RGB image of smooth gradients with grain. */
function sampleImage() {
  const [width, height] = [640, 480];
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 60 * Math.sin(x / (20 + 9 * c)) + 50 * Math.cos(y / 31) + (Math.imul(i, 0x9e3779b9) >>> 28);
  });
  return { data, width, height };
}

/**
 * Rows `{ name, medianMs, spread }`; the functions are the package's own.
 * @param {{ hog: Function, blockMask: Function, preprocess: Function }} functions
 */
export async function dataRows({ hog, blockMask, preprocess }) {
  const image = sampleImage();
  const input = preprocess(image);
  let seed = 0;
  return [
    await measure("hog 224x224", () => hog(input)),
    await measure("mask 14x14", () => blockMask({ seed: seed++ })),
    await measure("preprocess 640x480", () => preprocess(image)),
    await measure("preprocess 640x480 bicubic", () => preprocess(image, { interpolation: "bicubic" })),
  ];
}
