/** Opening images and checkpoints, wherever they are. */

import { checkKeys } from "../base/check.js";
import { openCheckpoint as openStored } from "../checkpoint/index.js";
import type { Checkpoint, CheckpointOptions } from "../checkpoint/types.js";
import type { Image } from "../image/image.js";
import { decodeImage, held } from "../image/inputs.js";
import { besideOf, type EncodedImage, openBytes } from "../io/open.js";
import type { Platform } from "../model/platform.js";

export async function decode(
  platform: Platform,
  image: EncodedImage,
  options: { signal?: AbortSignal } = {},
): Promise<Image> {
  checkKeys("decode", options, ["signal"]);
  return decodeImage(platform, held(image) as EncodedImage, options.signal);
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
