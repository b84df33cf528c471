/** Pictures as files: PNG, things side by side. */

import { encode } from "fast-png";
import type { Image } from "../entries/node.js";

const WHITE = 255;

/** A PNG file of an image. */
export function png({ data, width, height }: Image): Uint8Array {
  return encode({ data, width, height, channels: 3, depth: 8 });
}

/** Images of one height beside each other on white. */
export function sideBySide(images: readonly Image[], gap = 8): Image {
  const { height } = images[0];
  const width = images.reduce((sum, image) => sum + image.width + gap, -gap);
  const data = new Uint8Array(3 * width * height).fill(WHITE);
  let left = 0;
  for (const image of images) {
    for (let y = 0; y < height; y++) {
      const row = image.data.subarray(3 * y * image.width, 3 * (y + 1) * image.width);
      data.set(row, 3 * (y * width + left));
    }
    left += image.width + gap;
  }
  return { data, width, height };
}
