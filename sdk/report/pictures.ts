/** Pictures made of pixels in hand, in every runtime: HOG, masks, thumbnails. */

import { hogCells, hogImage, type Image, type ModelConfig, resize, type Tensor } from "../entries/public.js";

/** Three bytes: red, green, blue. */
type Colour = readonly [number, number, number];

const GREY: Colour = [128, 128, 128];

/** How pages cover what a mask hides: the accent colour, through which the image is still seen. */
export const veil: readonly [Colour, opacity: number] = [[91, 104, 223], 0.85];

/** The pixels behind a normalised image [1,3,H,W]; numbers outside of 0 to 255 are clamped. */
export function pixelsOf({ data, shape }: Tensor, { mean, std }: Pick<ModelConfig, "mean" | "std">): Image {
  const [, , height, width] = shape;
  const plane = height * width;
  const pixels = new Uint8ClampedArray(3 * plane);
  for (let i = 0; i < pixels.length; i++) {
    const channel = i % 3;
    pixels[i] = data[channel * plane + Math.floor(i / 3)] * std[channel] + mean[channel];
  }
  return { data: new Uint8Array(pixels.buffer), width, height };
}

/** The picture of HOG tokens [1,N,F] of an image of `grid` [h,w] tokens: each bin as a line along its own gradient. */
export function drawHog(
  tokens: Tensor,
  { grid, nbins, pool }: { grid: readonly [number, number]; nbins: number; pool: number },
): Image {
  return hogImage(hogCells(tokens, { grid, nbins }), { pool, lines: "true" });
}

/** The image with its masked patches covered: `mask` holds a number for each patch, row by row; `opacity` 1 hides them. */
export function coverPatches(
  { data, width, height }: Image,
  mask: ArrayLike<number>,
  patch: number,
  [colour, opacity]: typeof veil = [GREY, 1],
): Image {
  const covered = Uint8Array.from(data);
  for (let i = 0; i < covered.length; i++) {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    if (!mask[Math.floor(y / patch) * (width / patch) + Math.floor(x / patch)]) continue;
    covered[i] = Math.round(opacity * colour[i % 3] + (1 - opacity) * data[i]);
  }
  return { data: covered, width, height };
}

/** The image, made smaller where its longer side is above `side` pixels. */
export function thumbnail(image: Image, side: number): Image {
  const scale = side / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  const scaled = (length: number) => Math.max(1, Math.round(length * scale));
  return resize(image, { width: scaled(image.width), height: scaled(image.height), interpolation: "bicubic" });
}
