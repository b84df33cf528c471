/** Image transforms on u8 RGB, equal to those of the reference's pipelines bit for bit, and normalisation to a model's input. */

import { ImageError, OptionError } from "../../gpu/errors.js";
import { checkChoice, checkInteger, checkKeys } from "../base/check.js";
import type { Tensor } from "../base/tensor.js";
import { type Scratch, withScratch } from "../wasm/data.js";
import { checkImage, checkSize, type Image } from "./image.js";
import { pickChannels, put, take } from "./pixels.js";
import { type Pixels, type Region, resizeCv2, resizePillow, type Size } from "./resample.js";

export type Interpolation = "bilinear" | "bicubic";

/**
 * What is resized before the crop: the shorter edge, the other in proportion ("center"), or both to the same length ("squash"). Offsets of
 * the crop are rounded half to even, and of an image smaller than it all there is stays, as in mmpretrain. With "-pad" zeros are put around
 * such an image, the extra ones at the bottom and the right, as in torchvision and timm; with "-floor" that too, and offsets are rounded
 * down, as in transformers.
 */
export type CropMode = "center" | "squash" | "center-pad" | "squash-pad" | "center-floor" | "squash-floor";
export const cropModes: readonly CropMode[] = [
  "center",
  "squash",
  "center-pad",
  "squash-pad",
  "center-floor",
  "squash-floor",
];

export interface ResizeMethod {
  /** "pillow" (default, antialiased) or "cv2" (bicubic only, not antialiased). */
  readonly backend?: "pillow" | "cv2";
  /** Default "bilinear" for Pillow, "bicubic" for OpenCV. */
  readonly interpolation?: Interpolation;
}

export interface ResizeOptions extends ResizeMethod {
  /** Size of the result in pixels. */
  readonly width: number;
  readonly height: number;
}

/** One number for each of red, green and blue, on the scale 0 to 255. */
export type PerChannel = readonly [number, number, number];

export interface NormalizeOptions {
  /** Default: ImageNet's, [123.675, 116.28, 103.53]. */
  readonly mean?: PerChannel;
  /** Default: ImageNet's, [58.395, 57.12, 57.375]. */
  readonly std?: PerChannel;
}

export interface PreprocessOptions extends NormalizeOptions {
  /** The shorter edge after resizing, or both with `cropMode: "squash"`; default 256. */
  readonly resizeEdge?: number;
  /** Default "center", as the reference tests. */
  readonly cropMode?: CropMode;
  /** Side of the square cut out of the middle; default 224. */
  readonly cropSize?: number;
  /** Default "bilinear", as the reference tests. */
  readonly interpolation?: Interpolation;
}

/** Pixels as they come from elsewhere: RGB or RGBA by length, other orders on request. */
export interface RawPixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** "rgb" (default), "bgr" (both with or without alpha, which is dropped) or "gray" (one byte a pixel). */
  readonly channelOrder?: "rgb" | "bgr" | "gray";
}

const IMAGENET_MEAN: PerChannel = [123.675, 116.28, 103.53];
const IMAGENET_STD: PerChannel = [58.395, 57.12, 57.375];
const INTERPOLATIONS: readonly Interpolation[] = ["bilinear", "bicubic"];

const MAX_SIDE = 2 ** 24;
const MAX_PIXELS = 2 ** 28;

const preprocessKeys: readonly (keyof PreprocessOptions | "stage")[] = [
  "resizeEdge",
  "cropSize",
  "cropMode",
  "interpolation",
  "mean",
  "std",
  "stage",
];

/** Rounds half to even, as Python does. */
export function roundEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function edgeSize({ width, height }: Size, edge: number): Size {
  if (width < height) return { width: edge, height: Math.trunc((edge * height) / width) };
  return { width: Math.trunc((edge * width) / height), height: edge };
}

function centerRegion({ width, height }: Size, side: number, round = roundEven): Region {
  const left = Math.max(0, round((width - side) / 2));
  const top = Math.max(0, round((height - side) / 2));
  return { left, top, width: Math.min(side, width - left), height: Math.min(side, height - top) };
}

/** `side` x `side` pixels with `pixels` in the middle, and zeros around them. */
function padded({ exports, alloc, write }: Scratch, { address, width, height }: Pixels, side: number): Pixels {
  const result = alloc(3 * side * side);
  write(result, new Uint8Array(3 * side * side));
  const [left, top] = [width, height].map((length) => Math.floor((side - length) / 2));
  for (let y = 0; y < height; y++) {
    exports.cropPixels(address + 3 * width * y, width, result + 3 * ((top + y) * side + left), width, 1);
  }
  return { address: result, width: side, height: side };
}

function checkStats(name: string, { mean = IMAGENET_MEAN, std = IMAGENET_STD }: NormalizeOptions): Float32Array {
  const stats = Float32Array.from([mean, std].flat());
  const finite = mean.length === 3 && std.length === 3 && stats.every(Number.isFinite);
  if (finite && stats.subarray(3).every((deviation) => deviation > 0)) return stats;
  const found = `got mean [${mean}], std [${std}]`;
  throw new OptionError("OPT_VALUE", `${name}: expected three finite means and three positive deviations, ${found}`);
}

function normalized(scratch: Scratch, { address, width, height }: Pixels, stats: Float32Array): Tensor {
  const { exports, alloc, put, f32 } = scratch;
  const count = width * height;
  const result = alloc(12 * count);
  exports.normalizePixels(address, result, count, put(stats), alloc(3072));
  return { data: f32(result, 3 * count), shape: [1, 3, height, width] };
}

/** How a resize is done. @throws OptionError for a backend that does not exist, or has no such interpolation. */
export function checkMethod(name: string, options: ResizeMethod): Required<ResizeMethod> {
  const backend = checkChoice(`${name}: backend`, options.backend ?? "pillow", ["pillow", "cv2"]);
  const choices: readonly Interpolation[] = backend === "cv2" ? ["bicubic"] : INTERPOLATIONS;
  const given = options.interpolation ?? choices[0];
  return { backend, interpolation: checkChoice(`${name}: interpolation of ${backend}`, given, choices) };
}

/**
 * Raw pixels as an RGB image; RGB is not copied.
 * @throws ImageError if the length is not that of the size and order; OptionError for an unknown order.
 */
export function toImage(raw: RawPixels): Image {
  const { data, width, height } = raw;
  const order = checkChoice("toImage: channelOrder", raw.channelOrder ?? "rgb", ["rgb", "bgr", "gray"]);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new ImageError("IMG_FORMAT", "toImage: data: expected a Uint8Array or a Uint8ClampedArray");
  }
  checkSize("toImage", width, height);
  const channels = data.length / (width * height);
  const expected = order === "gray" ? [1] : [3, 4];
  if (!expected.includes(channels)) {
    const found = `got ${data.length} for ${width} x ${height}`;
    const hint = channels === 1 ? '; for one channel pass channelOrder: "gray"' : "";
    throw new ImageError("IMG_SIZE", `toImage: expected ${expected.join(" or ")} bytes a pixel, ${found}${hint}`);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (channels === 3 && order === "rgb") return { data: bytes, width, height };
  const offsets = { rgb: [0, 1, 2], bgr: [2, 1, 0], gray: [0, 0, 0] } as const;
  return pickChannels(bytes, raw, channels, offsets[order]);
}

/**
 * Resizes to `width` x `height` as Pillow 9.4's `Image.resize` or OpenCV 4.6's `cv2.resize` does, every byte equal.
 * @throws ImageError for a malformed image; OptionError for a size, backend or interpolation that does not exist.
 */
export function resize(image: Image, options: ResizeOptions): Image {
  checkImage("resize", image);
  checkKeys("resize", options, ["width", "height", "backend", "interpolation"]);
  const { width, height } = options;
  checkInteger("resize: width", width, 1, MAX_SIDE);
  checkInteger("resize: height", height, 1, Math.min(MAX_SIDE, Math.floor(MAX_PIXELS / width)));
  const { backend, interpolation } = checkMethod("resize", options);
  return withScratch((scratch) => {
    if (backend === "cv2") return take(scratch, resizeCv2(scratch, put(scratch, image), options));
    const whole = { left: 0, top: 0, width, height };
    return take(scratch, resizePillow(scratch, image, options, interpolation === "bicubic", whole));
  });
}

/**
 * Resizes so that the shorter edge is `edge` pixels and the longer one in proportion, truncated (mmpretrain's `ResizeEdge`; Pillow).
 * @throws ImageError, OptionError as `resize` does.
 */
export function resizeEdge(image: Image, edge: number, options: { interpolation?: Interpolation } = {}): Image {
  checkImage("resizeEdge", image);
  checkKeys("resizeEdge", options, ["interpolation"]);
  checkInteger("resizeEdge: edge", edge, 1, MAX_SIDE);
  return resize(image, { ...edgeSize(image, edge), interpolation: options.interpolation });
}

/** Cuts `region` out. @throws ImageError; OptionError if the region is empty or not inside the image. */
export function crop(image: Image, region: Region): Image {
  checkImage("crop", image);
  const { left, top, width, height } = region;
  checkInteger("crop: left", left, 0, image.width - 1);
  checkInteger("crop: top", top, 0, image.height - 1);
  checkInteger("crop: width", width, 1, image.width - left);
  checkInteger("crop: height", height, 1, image.height - top);
  return withScratch((scratch) => {
    const address = scratch.alloc(3 * width * height);
    const first = scratch.put(image.data) + 3 * (top * image.width + left);
    scratch.exports.cropPixels(first, image.width, address, width, height);
    return take(scratch, { address, width, height });
  });
}

/**
 * Cuts the middle `size` x `size` pixels out; offsets round half to even, and of a smaller image all there is stays (mmpretrain's
 * `CenterCrop`). @throws ImageError, OptionError
 */
export function centerCrop(image: Image, size: number): Image {
  checkImage("centerCrop", image);
  return crop(image, centerRegion(image, checkInteger("centerCrop: size", size, 1, MAX_SIDE)));
}

/** Mirrors left to right. @throws ImageError */
export function flip(image: Image): Image {
  checkImage("flip", image);
  const { width, height } = image;
  return withScratch((scratch) => {
    const address = scratch.alloc(image.data.length);
    scratch.exports.flipPixels(scratch.put(image.data), address, width, height);
    return take(scratch, { address, width, height });
  });
}

/** (x - mean) / std in f32, channels first: u8 [H,W,3] -> f32 [1,3,H,W]. @throws ImageError, OptionError */
export function normalize(image: Image, options: NormalizeOptions = {}): Tensor {
  checkImage("normalize", image);
  checkKeys("normalize", options, ["mean", "std"]);
  const stats = checkStats("normalize", options);
  return withScratch((scratch) => normalized(scratch, put(scratch, image), stats));
}

/**
 * The reference's test pipeline (`ResizeEdge`, `CenterCrop`, normalise) in one go, computing only the pixels that the crop keeps:
 * stage "f32" (default) gives the model's input [1,3,H,W], stage "u8" the image before normalising.
 * @throws ImageError for a malformed image; OptionError for options out of range.
 */
export function preprocess(image: Image, options?: PreprocessOptions & { stage?: "f32" }): Tensor;
export function preprocess(image: Image, options: PreprocessOptions & { stage: "u8" }): Image;
export function preprocess(image: Image, options: PreprocessOptions & { stage?: "u8" | "f32" } = {}): Tensor | Image {
  checkImage("preprocess", image);
  checkKeys("preprocess", options, preprocessKeys);
  const edge = checkInteger("preprocess: resizeEdge", options.resizeEdge ?? 256, 1, MAX_SIDE);
  const side = checkInteger("preprocess: cropSize", options.cropSize ?? 224, 1, MAX_SIDE);
  const filter = checkChoice("preprocess: interpolation", options.interpolation ?? "bilinear", INTERPOLATIONS);
  const stage = checkChoice("preprocess: stage", options.stage ?? "f32", ["u8", "f32"]);
  const mode = checkChoice("preprocess: cropMode", options.cropMode ?? "center", cropModes);
  const stats = checkStats("preprocess", options);
  const [what, rule] = mode.split("-");
  const size = what === "squash" ? { width: edge, height: edge } : edgeSize(image, edge);
  return withScratch((scratch) => {
    const region = centerRegion(size, side, rule === "floor" ? Math.floor : roundEven);
    const kept = resizePillow(scratch, image, size, filter === "bicubic", region);
    const whole = rule === undefined || (kept.width === side && kept.height === side);
    const pixels = whole ? kept : padded(scratch, kept, side);
    return stage === "u8" ? take(scratch, pixels) : normalized(scratch, pixels, stats);
  });
}
