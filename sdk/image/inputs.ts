/** From whatever a caller has (path, URL, bytes, Blob, pixels, tensor) to a normalised tensor [B,3,H,W]. */

import { ImageError, OptionError, ShapeError } from "../../gpu/errors.js";
import { startAhead } from "../base/ahead.js";
import { checkTensor } from "../base/check.js";
import { concat, type Tensor } from "../base/tensor.js";
import { type EncodedImage, openBytes } from "../io/open.js";
import { copyBytes } from "../io/source.js";
import type { Drawable, Image, ImagePlatform } from "./image.js";
import type { Formats } from "./sniff.js";
import { type PreprocessOptions, preprocess, type RawPixels, toImage } from "./transform.js";

/**
 * One image, or a normalised tensor [3,H,W] or [B,3,H,W] (RGB). Pixels (ImageData too) are RGB or RGBA, by their number, unless
 * `channelOrder` says else. What only browsers can draw, only browsers take.
 */
export type ImageInput = EncodedImage | RawPixels | Drawable | Tensor;

const isTensor = (x: ImageInput): x is Tensor => typeof x === "object" && x !== null && "shape" in x && "data" in x;
const isPixels = (x: ImageInput): x is RawPixels => typeof x === "object" && x !== null && "width" in x && "data" in x;
const isEncoded = (x: ImageInput): x is EncodedImage =>
  typeof x === "string" || [URL, Uint8Array, ArrayBuffer, Blob].some((kind) => x instanceof kind);
const isDrawable = (x: ImageInput): x is Drawable =>
  ["width", "displayWidth", "naturalWidth"].some((key) => key in Object(x)) &&
  ["close", "getContext", "decode"].some((key) => key in Object(x));

/** Decodes an image file to RGB, exactly as OpenCV does (spec: EXIF turn applied, ICC profile ignored, alpha dropped). */
export async function decodeImage(
  platform: ImagePlatform,
  from: EncodedImage,
  signal?: AbortSignal,
  formats?: Formats,
): Promise<Image> {
  const source = await openBytes(platform, from, { signal });
  const bytes = await source.read(0, source.size).finally(() => source.close());
  return platform.decode(bytes, source.name, formats);
}

/** A tensor [3,H,W] or [B,3,H,W] as a batch. @throws ShapeError, NonFiniteError */
function asBatch(x: Tensor): Tensor {
  const { data, shape } = checkTensor("image tensor", x);
  const batch = shape.length === 3 ? [1, ...shape] : shape;
  if (batch.length !== 4 || batch[1] !== 3 || batch.includes(0)) {
    throw new ShapeError("SHAPE_MISMATCH", `image tensor: expected [B,3,H,W] or [3,H,W], got [${shape}]`);
  }
  return { data, shape: batch };
}

/**
 * An image as it is now: bytes, pixels and tensors are copied, so that the caller may use their memory again. Blobs do not change; files,
 * URLs and what a browser draws are read later. @throws ShapeError, NonFiniteError, ImageError
 */
export function held(x: ImageInput): ImageInput {
  if (isTensor(x)) {
    const { data, shape } = asBatch(x);
    return { data: data === x.data ? data.slice() : data, shape };
  }
  if (x instanceof Uint8Array) return copyBytes(x);
  if (x instanceof ArrayBuffer) return x.slice(0);
  if (!isPixels(x)) return x;
  const image = toImage(x);
  return image.data.buffer === x.data.buffer ? { ...image, data: copyBytes(image.data) } : image;
}

/** One image or an array of them. @throws OptionError if there is none; as `held` */
export function heldAll(x: ImageInput | readonly ImageInput[]): ImageInput[] {
  const list: readonly ImageInput[] = Array.isArray(x) ? x : [x as ImageInput];
  if (list.length === 0) throw new OptionError("OPT_MISSING", "no images were given");
  return list.map(held);
}

export async function* eachHeld(images: Iterable<ImageInput> | AsyncIterable<ImageInput>): AsyncGenerator<ImageInput> {
  for await (const image of images) yield held(image);
}

/** The model's input [B,3,H,W] for one image or tensor. */
async function toTensor(
  platform: ImagePlatform,
  x: ImageInput,
  transform: PreprocessOptions,
  signal?: AbortSignal,
): Promise<Tensor> {
  signal?.throwIfAborted();
  if (isTensor(x)) return asBatch(x);
  const pixels = await toPixels(platform, x, signal);
  signal?.throwIfAborted();
  return preprocess(pixels, transform);
}

async function toPixels(platform: ImagePlatform, x: Exclude<ImageInput, Tensor>, signal?: AbortSignal): Promise<Image> {
  if (isPixels(x)) return toImage(x);
  if (isEncoded(x)) return decodeImage(platform, x, signal);
  if (platform.pixelsOf && isDrawable(x)) return platform.pixelsOf(x);
  const drawn = platform.pixelsOf ? "ImageBitmap, canvas, VideoFrame, image element, " : "";
  const found = typeof x === "object" ? Object.prototype.toString.call(x) : typeof x;
  throw new ImageError(
    "IMG_FORMAT",
    `an image must be a path, URL, bytes, Blob, ${drawn}pixels or tensor, got ${found}`,
  );
}

/**
 * The model's input [B,3,H,W] for images and tensors of one size.
 * @throws ImageError, FileError, ShapeError, NonFiniteError; AbortError
 */
export async function toBatch(
  platform: ImagePlatform,
  images: Iterable<ImageInput>,
  transform: PreprocessOptions,
  signal?: AbortSignal,
): Promise<Tensor> {
  const tensors: Tensor[] = [];
  for (const [, tensor] of startAhead(images, (image) => toTensor(platform, image, transform, signal)))
    tensors.push(await tensor);
  return concat(tensors);
}

/** `toBatch` of `size` images after the other, the last batch being what is left. @throws as `toBatch` */
export async function* toBatches(
  platform: ImagePlatform,
  images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  transform: PreprocessOptions,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Tensor> {
  let batch: ImageInput[] = [];
  for await (const image of images) {
    batch.push(image);
    if (batch.length < size) continue;
    yield toBatch(platform, batch, transform, signal);
    batch = [];
  }
  if (batch.length > 0) yield toBatch(platform, batch, transform, signal);
}
