/** Decodes image files in Node with the optional package `sharp`, to the pixels that OpenCV's `IMREAD_COLOR` gives. */

import os from "node:os";
import type sharpFactory from "sharp";
import { ImageError } from "../../gpu/errors.js";
import { limited } from "../base/ahead.js";
import type { Image } from "../image/image.js";
import { bareImage } from "../image/orientation.js";
import { MAX_PIXELS, sniffImage } from "../image/sniff.js";
import { loadPackage } from "./node-packages.js";

type Sharp = typeof sharpFactory;

/**
 * Decodes at most as many images at once as leave a core to this thread, on which the WASM device computes: with more threads than cores
 * it would stand still while they run. Of Node's threads for such work there are four.
 */
const inDecoder = limited(Math.min(4, Math.max(1, (os.availableParallelism?.() ?? 1) - 1)));

/** Loads `sharp`. @throws ImageError IMG_NO_DECODER if it is missing or does not work on this machine. */
export async function loadSharp(specifier?: string): Promise<Sharp> {
  try {
    return (await loadPackage("sharp", specifier)).default;
  } catch (cause) {
    const what = `image files are decoded by the package sharp, ${(cause as Error).message}`;
    throw new ImageError("IMG_NO_DECODER", `${what}. Raw pixels and .npy files work without it`, { cause });
  }
}

/**
 * Each orientation as sharp turns it: degrees clockwise, and whether it mirrors left to right first. `orient` would do the same on this
 * thread: a 12-megapixel JPEG took 225 ms with it and 165 ms with sharp (2 cores of an AMD EPYC, 2026-12).
 */
const TURNS = [
  [0, false],
  [0, true],
  [180, false],
  [180, true],
  [270, true],
  [90, false],
  [90, true],
  [270, false],
] as const;

/**
 * Decodes a JPEG, PNG or WebP file to u8 RGB `[H,W,3]`, bit-equal to OpenCV 4.6 (`imread`, then BGR to RGB): colour profiles ignored,
 * alpha dropped without blending, grey and palettes expanded, of 16 bits the high byte, EXIF orientation applied in JPEG and PNG (OpenCV
 * ignores it in WebP). Of an animated WebP, which OpenCV refuses, it is the first picture.
 * @throws ImageError see `sniffImage`; IMG_CORRUPT where the data is truncated or broken.
 */
export async function decodeImage(bytes: Uint8Array, name: string, load = loadSharp): Promise<Image> {
  const header = sniffImage(bytes, name);
  const sharp = await load();
  try {
    const { bare, turn } = bareImage(bytes, header, name);
    const [degrees, mirrored] = TURNS[turn - 1];
    const pipeline = sharp(bare, {
      ignoreIcc: true,
      // "error" stops at truncated and undecodable data, and reads on where libjpeg only warns (stray bytes between markers), as OpenCV does.
      failOn: "error",
      limitInputPixels: MAX_PIXELS,
      sequentialRead: true,
    });
    const rgb = pipeline.rotate(degrees).flop(mirrored).removeAlpha().toColourspace("srgb").raw({ depth: "uchar" });
    const { data, info } = await inDecoder(() => rgb.toBuffer({ resolveWithObject: true }));
    const { width, height } = info;
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width, height };
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    const lines = String((cause as Error).message)
      .trim()
      .split("\n");
    const why = lines.at(-1);
    const what = `${name}: the ${header.format} data is truncated or broken (${why}); get the file again`;
    throw new ImageError("IMG_CORRUPT", what, { cause });
  }
}
