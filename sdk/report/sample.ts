/** An image and all that is computed of it, for pages to show. */

import {
  blockMask,
  hog,
  type Image,
  type Model,
  type ModelConfig,
  preprocess,
  transformOf,
} from "../entries/public.js";
import { coverPatches, drawHog, pixelsOf, thumbnail, veil } from "./pictures.js";

/** Longer sides of pictures, in pixels: twice what they take on a page. */
const PICTURE = 360;
const THUMBNAIL = 64;

export interface Sample {
  readonly width: number;
  readonly height: number;
  /** Shape of the embedding, and its length. */
  readonly shape: readonly number[];
  readonly norm: number;
  /** From file to embedding. */
  readonly ms: number;
  /** The decoded image, made smaller. */
  readonly picture: Image;
  /** The pixels that the model sees. */
  readonly seen: Image;
  readonly thumbnail: Image;
  readonly hogPicture: Image;
  readonly embedding: Float32Array;
  readonly hog: Float32Array;
}

/** Patches of a model's image, [h,w]. */
export function gridOf({ imageSize, patchSize }: ModelConfig): readonly [number, number] {
  return [imageSize / patchSize, imageSize / patchSize];
}

/** `decode` gives the image. @throws as `decode` and `model.extractFeat` do */
export async function examine(model: Model, decode: () => Promise<Image>, signal: AbortSignal): Promise<Sample> {
  const { config } = model;
  const started = performance.now();
  const image = await decode();
  const input = preprocess(image, transformOf(config));
  const [{ data, shape }] = await model.extractFeat(input, { outType: "avg_featmap", outIndices: [-1], signal });
  const ms = performance.now() - started;
  const targets = hog(input, { ...config.hog, patchSize: config.patchSize });
  const seen = pixelsOf(input, config);
  return {
    width: image.width,
    height: image.height,
    shape,
    norm: Math.sqrt(data.reduce((sum, x) => sum + x * x, 0)),
    ms,
    picture: thumbnail(image, PICTURE),
    seen,
    thumbnail: thumbnail(seen, THUMBNAIL),
    hogPicture: drawHog(targets, { ...config.hog, grid: gridOf(config) }),
    embedding: data,
    hog: targets.data,
  };
}

/** A mask drawn over an image. */
export interface Masked {
  readonly picture: Image;
  /** Patches that the mask hides, and all of them. */
  readonly hidden: number;
  readonly patches: number;
}

/** Draws the mask of `seed` over the pixels that a model sees. */
export function drawMask(seen: Image, config: ModelConfig, seed: number): Masked {
  const mask = blockMask({ seed, grid: gridOf(config) }).data;
  const picture = coverPatches(seen, mask, config.patchSize, veil);
  return { picture, hidden: mask.filter((m) => m === 1).length, patches: mask.length };
}
