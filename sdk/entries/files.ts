/** Opening images and checkpoints, wherever they are. */

import { checkChoice, checkKeys } from "../base/check.js";
import { openCheckpoint as openStored } from "../checkpoint/index.js";
import type { Checkpoint, CheckpointOptions } from "../checkpoint/types.js";
import type { Image } from "../image/image.js";
import { decodeImage, held } from "../image/inputs.js";
import type { Formats } from "../image/sniff.js";
import { besideOf, type EncodedImage, openBytes } from "../io/open.js";
import type { Platform } from "../model/platform.js";

export interface DecodeOptions {
  /**
   * "exact", the default: JPEG, PNG and WebP, whose pixels are those of OpenCV in every runtime. "any": also GIF, TIFF, AVIF and HEIC if the
   * runtime's decoder reads them (in Node sharp's, elsewhere the browser's), with the pixels that it gives; of several pictures the first.
   */
  readonly formats?: Formats;
  readonly signal?: AbortSignal;
}

export async function decode(
  platform: Platform,
  image: EncodedImage,
  { formats = "exact", signal, ...others }: DecodeOptions = {},
): Promise<Image> {
  checkKeys("decode", { formats, signal, ...others }, ["formats", "signal"]);
  checkChoice("formats", formats, ["exact", "any"]);
  return decodeImage(platform, held(image) as EncodedImage, signal, formats);
}

export async function openCheckpoint(
  platform: Platform,
  file: EncodedImage,
  options: { signal?: AbortSignal } & CheckpointOptions = {},
): Promise<Checkpoint> {
  checkKeys("openCheckpoint", options, ["signal", "ema"]);
  const open = (from: EncodedImage) => openBytes(platform, from, { ...options, ranges: true });
  return openStored(await open(file), (name) => open(besideOf(file, name)), options);
}
