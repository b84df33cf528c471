/** Decodes image files in browsers to the pixels that OpenCV's `IMREAD_COLOR` gives, as Node does (node-decode.ts). */

import { ImageError } from "../../gpu/errors.js";
import type { Image } from "../image/image.js";
import { bareImage } from "../image/orientation.js";
import { orient } from "../image/pixels.js";
import { decodeDeepPng, isDeep } from "../image/png.js";
import { type Formats, type ImageHeader, isOther, MAX_PIXELS, sniffImage } from "../image/sniff.js";
import { copyBytes } from "../io/source.js";
import { EXACT, pixelsOf, readBack } from "./browser-canvas.js";
import { readTexture } from "./browser-texture.js";

/**
 * Decodes a JPEG, PNG or WebP file to u8 RGB `[H,W,3]`, bit-equal to Node's: by the browser's own decoder, after taking away what it would
 * apply and OpenCV does not; PNG with alpha or 16 bits by code of ours.
 * @throws ImageError see `sniffImage`; IMG_CORRUPT if the data is truncated or broken; IMG_READ_BACK if the browser changes pixels
 * that are read back.
 */
export async function decodeImage(bytes: Uint8Array, name: string, formats?: Formats): Promise<Image> {
  if (formats === "any" && isOther(bytes)) return drawOther(bytes, name);
  const header = sniffImage(bytes, name);
  if (header.arithmetic) {
    const what = "an arithmetic-coded JPEG, which browsers do not decode; convert it to Huffman coding first";
    throw new ImageError("IMG_FORMAT", `${name}: ${what}`);
  }
  try {
    const { bare, turn } = bareImage(bytes, header, name);
    return orient(isDeep(header) ? await decodeDeepPng(bare, header) : await draw(bare, header, name), turn);
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    const why = (cause as Error).message;
    const what = `${name}: the ${header.format} data is truncated or broken (${why}); get the file again`;
    throw new ImageError("IMG_CORRUPT", what, { cause });
  }
}

/** A file of another format as the browser draws it. @throws ImageError */
async function drawOther(bytes: Uint8Array, name: string): Promise<Image> {
  const bitmap = await createImageBitmap(new Blob([copyBytes(bytes)]), EXACT).catch((cause) => {
    throw new ImageError("IMG_CORRUPT", `${name}: the file is broken, or this browser does not decode it`, { cause });
  });
  try {
    const { width, height } = bitmap;
    if (width * height <= MAX_PIXELS) return await pixelsOf(bitmap);
    throw new ImageError("IMG_SIZE", `${name}: the image is ${width}x${height} pixels; at most 64 million are decoded`);
  } finally {
    bitmap.close();
  }
}

/** Lets the browser decode a file. @throws DOMException if it cannot. */
async function draw(bytes: Uint8Array<ArrayBuffer>, { format }: ImageHeader, name: string): Promise<Image> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${format}` }), EXACT);
  try {
    const { image, opaque } = await readBack(bitmap, bitmap);
    return opaque ? image : await readTexture(bitmap, name);
  } finally {
    bitmap.close();
  }
}
