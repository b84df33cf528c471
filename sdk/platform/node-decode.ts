/** Decodes image files in Node with the optional package `sharp`, to the pixels that OpenCV's `IMREAD_COLOR` gives. */

import os from "node:os";
import type sharpFactory from "sharp";
import { ImageError } from "../../gpu/errors.js";
import { limited } from "../base/ahead.js";
import type { Image } from "../image/image.js";
import { bareImage } from "../image/orientation.js";
import { type Formats, isOther, MAX_PIXELS, sniffImage } from "../image/sniff.js";
import { loadPackage } from "./node-packages.js";

type Sharp = typeof sharpFactory;

/**
 * Decodes at most as many images at once as leave a core to this thread, on which the WASM device computes: with more threads than cores
 * it would stand still while they run. Node has four threads for such work.
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
 * ignores it in WebP). An animated WebP, which OpenCV refuses, gives its first picture.
 * With `formats: "any"` also what else sharp decodes, with its pixels.
 * @throws ImageError see `sniffImage`; IMG_CORRUPT if the data is truncated or broken.
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  { formats, load = loadSharp }: { formats?: Formats; load?: typeof loadSharp } = {},
): Promise<Image> {
  if (formats === "any" && isOther(bytes)) return decodeOther(bytes, name, await load());
  const header = sniffImage(bytes, name);
  const sharp = await load();
  try {
    const { bare, turn } = bareImage(bytes, header, name);
    const [degrees, mirrored] = TURNS[turn - 1];
    return await pixelsOf(sharp(bare, OPTIONS).rotate(degrees).flop(mirrored));
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    const what = `${name}: the ${header.format} data is truncated or broken (${reasonOf(cause)}); get the file again`;
    throw new ImageError("IMG_CORRUPT", what, { cause });
  }
}

const OPTIONS = {
  ignoreIcc: true,
  // "error" stops at truncated and undecodable data, and reads on where libjpeg only warns (stray bytes between markers), as OpenCV does.
  failOn: "error",
  limitInputPixels: MAX_PIXELS,
  sequentialRead: true,
} as const;

async function pixelsOf(pipeline: ReturnType<Sharp>): Promise<Image> {
  const rgb = pipeline.removeAlpha().toColourspace("srgb").raw({ depth: "uchar" });
  const { data, info } = await inDecoder(() => rgb.toBuffer({ resolveWithObject: true }));
  const { width, height } = info;
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width, height };
}

/** The last line of what sharp says. */
const reasonOf = (cause: unknown) =>
  String((cause as Error).message)
    .trim()
    .split("\n")
    .at(-1);

/** A file of another format as sharp decodes it, turned as the file says. @throws ImageError */
async function decodeOther(bytes: Uint8Array, name: string, sharp: Sharp): Promise<Image> {
  try {
    return await pixelsOf(sharp(bytes, OPTIONS).autoOrient());
  } catch (cause) {
    const reason = reasonOf(cause);
    if (/pixel limit/.test(reason ?? "")) {
      const most = `${MAX_PIXELS / 1e6} million pixels`;
      throw new ImageError("IMG_SIZE", `${name}: at most ${most} are decoded: make the image smaller first`, { cause });
    }
    const what = `${name}: the file is broken, or this build of sharp does not decode it (${reason})`;
    throw new ImageError("IMG_CORRUPT", what, { cause });
  }
}
