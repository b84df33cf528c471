/** From whatever a caller has (path, URL, bytes, Blob, pixels, tensor) to a normalised tensor [B,3,H,W]. */

import { ImageError, ShapeError } from "../gpu/errors.js";
import { checkTensor } from "./check.js";
import { blobSource, bytesSource, type UrlOptions, urlSource } from "./checkpoint/source.js";
import { type ModelConfig, transformOf } from "./config.js";
import { preprocess, type RawPixels, toImage } from "./image/transform.js";
import type { ByteSource, Image, Platform } from "./platform/types.js";
import type { Tensor } from "./tensor.js";

/** An encoded image: path, URL, or bytes. */
export type EncodedImage = string | URL | Uint8Array | ArrayBuffer | Blob;

/** One image, or a normalised tensor [3,H,W] or [B,3,H,W] (RGB). Pixels are RGB or RGBA, by their number, unless `channelOrder` says else. */
export type ImageInput = EncodedImage | RawPixels | Tensor;

const isTensor = (x: ImageInput): x is Tensor => typeof x === "object" && "shape" in x && "data" in x;
const isPixels = (x: ImageInput): x is RawPixels => typeof x === "object" && "width" in x && "data" in x;

/** Opens encoded bytes wherever they are. @throws FileError */
export async function openBytes(platform: Platform, from: EncodedImage, options: UrlOptions = {}): Promise<ByteSource> {
  if (from instanceof Uint8Array) return bytesSource(from);
  if (from instanceof ArrayBuffer) return bytesSource(new Uint8Array(from));
  if (from instanceof Blob) return blobSource(from);
  return /^https?:/.test(String(from)) ? urlSource(from, options) : platform.openFile(from);
}

/** Decodes an image file to RGB, exactly as OpenCV does (spec: EXIF turn applied, ICC profile ignored, alpha dropped). */
export async function decodeImage(platform: Platform, from: EncodedImage, signal?: AbortSignal): Promise<Image> {
  const source = await openBytes(platform, from, { signal });
  try {
    return await platform.decode(await source.read(0, source.size), source.name);
  } finally {
    await source.close();
  }
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
 * The model's input [B,3,H,W] for one image or tensor.
 * @throws ImageError, FileError, ShapeError, NonFiniteError
 */
export async function toTensor(
  platform: Platform,
  x: ImageInput,
  config: ModelConfig,
  signal?: AbortSignal,
): Promise<Tensor> {
  if (x === null || (typeof x !== "string" && typeof x !== "object")) {
    throw new ImageError(
      "IMG_FORMAT",
      `an image must be a path, URL, bytes, Blob, pixels or tensor, got ${x === null ? x : typeof x}`,
    );
  }
  if (isTensor(x)) return asBatch(x);
  const image = isPixels(x) ? toImage(x) : await decodeImage(platform, x, signal);
  return preprocess(image, transformOf(config));
}

/** Puts tensors of one size behind each other along the first dimension. @throws ShapeError where sizes differ. */
export function concat(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (parts.length === 1) return first;
  const item = first.shape.slice(1);
  const other = parts.find((p) => String(p.shape.slice(1)) !== String(item));
  if (other) {
    const sizes = `[${item}] and [${other.shape.slice(1)}]`;
    throw new ShapeError(
      "SHAPE_MISMATCH",
      `images of one call must have one size, got ${sizes}; make one call for each size`,
    );
  }
  const data = new Float32Array(parts.reduce((sum, p) => sum + p.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [parts.reduce((sum, p) => sum + p.shape[0], 0), ...item] };
}
