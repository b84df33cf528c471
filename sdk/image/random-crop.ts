/** Random crops resized to a square: mmpretrain's `RandomResizedCrop`, the same regions and bytes from the same seed. */

import { OptionError } from "../../gpu/errors.js";
import { checkInteger, checkKeys } from "../base/check.js";
import { checkImage, checkSize, type Image } from "./image.js";
import type { Region, Size } from "./resample.js";
import type { Rng } from "./rng.js";
import { checkMethod, crop, type ResizeMethod, resize, roundEven } from "./transform.js";

/** The smallest and the largest value. */
export type Range = readonly [number, number];

export interface RandomRegionOptions {
  /** A stream of numpy (`mt19937numpy`), or another whose `randint` excludes its upper end; it is continued. */
  readonly rng: Rng;
  /** Area of the region, as a share of the image's; default [0.08, 1], mmpretrain pre-trains with [0.5, 1]. */
  readonly cropRatioRange?: Range;
  /** Width over height of the region; default [3/4, 4/3]. */
  readonly aspectRatioRange?: Range;
  /** Draws until a region fits, after which the middle is taken; default 10. */
  readonly maxAttempts?: number;
}

export interface RandomResizedCropOptions extends RandomRegionOptions {
  /** Side of the result in pixels; default 224. */
  readonly size?: number;
  /** "cv2" (default, as mmpretrain pre-trains) or "pillow" (as it fine-tunes). */
  readonly backend?: ResizeMethod["backend"];
  /** Default "bicubic", which both of mmpretrain's configurations say; with "cv2" there is no other. */
  readonly interpolation?: ResizeMethod["interpolation"];
}

const regionKeys = ["rng", "cropRatioRange", "aspectRatioRange", "maxAttempts"];

function checkRange(name: string, range: Range): Range {
  const [low, high] = range;
  if (range.length === 2 && low > 0 && low <= high && high < Number.POSITIVE_INFINITY) return range;
  throw new OptionError("OPT_VALUE", `${name}: expected two positive numbers, the smaller one first, got [${range}]`);
}

function checkRng(name: string, rng: Rng | undefined): Rng {
  if (rng === undefined) throw new OptionError("OPT_MISSING", `${name}: rng is needed; mt19937numpy(seed) makes one`);
  if ((rng as { library?: string }).library !== "python") return rng;
  throw new OptionError("OPT_VALUE", `${name}: rng: regions are drawn from numpy; make the stream by mt19937numpy()`);
}

function checkRegion(name: string, options: RandomRegionOptions): Required<RandomRegionOptions> {
  return {
    rng: checkRng(name, options.rng),
    cropRatioRange: checkRange(`${name}: cropRatioRange`, options.cropRatioRange ?? [0.08, 1]),
    aspectRatioRange: checkRange(`${name}: aspectRatioRange`, options.aspectRatioRange ?? [3 / 4, 4 / 3]),
    maxAttempts: checkInteger(`${name}: maxAttempts`, options.maxAttempts ?? 10, 0, 2 ** 31),
  };
}

/** The middle of the image, as much of it as the aspect ratios allow. */
function middle({ width, height }: Size, [narrowest, widest]: Range): Region {
  const aspect = width / height;
  let [w, h] = [width, height];
  if (aspect < narrowest) h = Math.max(1, roundEven(width / narrowest));
  else if (aspect > widest) w = Math.max(1, roundEven(height * widest));
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

function drawRegion({ width, height }: Size, options: Required<RandomRegionOptions>): Region {
  const { rng, cropRatioRange, aspectRatioRange, maxAttempts } = options;
  const [narrowest, widest] = aspectRatioRange.map(Math.log);
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const area = rng.uniform(...cropRatioRange) * (width * height);
    const aspect = Math.exp(rng.uniform(narrowest, widest));
    const w = roundEven(Math.sqrt(area * aspect));
    const h = roundEven(Math.sqrt(area / aspect));
    if (w < 1 || w > width || h < 1 || h > height) continue;
    const top = rng.randint(0, height - h + 1);
    return { top, left: rng.randint(0, width - w + 1), width: w, height: h };
  }
  return middle({ width, height }, aspectRatioRange);
}

/**
 * The region that mmpretrain's `RandomResizedCrop` cuts out of an image of this size; draws area, aspect ratio, top and left, in this
 * order. @throws ImageError for a size that is none; OptionError
 */
export function randomRegion(size: Size, options: RandomRegionOptions): Region {
  checkSize("randomRegion", size.width, size.height);
  checkKeys("randomRegion", options, regionKeys);
  return drawRegion(size, checkRegion("randomRegion", options));
}

/**
 * Cuts a random region out and resizes it to a square (mmpretrain's `RandomResizedCrop`): with `mt19937numpy(seed)` every byte equals
 * what mmpretrain gives after `np.random.seed(seed)`. Nothing outside the region has an influence.
 * @throws ImageError for a malformed image; OptionError for options out of range or a stream of another library.
 */
export function randomResizedCrop(image: Image, options: RandomResizedCropOptions): Image {
  const name = "randomResizedCrop";
  checkImage(name, image);
  checkKeys(name, options, [...regionKeys, "size", "backend", "interpolation"]);
  const side = checkInteger(`${name}: size`, options.size ?? 224, 1, 2 ** 14);
  const { backend = "cv2", interpolation = "bicubic" } = options;
  const method = checkMethod(name, { backend, interpolation });
  const region = drawRegion(image, checkRegion(name, options));
  return resize(crop(image, region), { width: side, height: side, ...method });
}
