/** Pixels of whatever a browser can draw, read back from a canvas. */

import { ImageError } from "../../gpu/errors.js";
import type { Drawable, Image } from "../image/image.js";
import { checkSize } from "../image/image.js";
import { pickChannels } from "../image/pixels.js";
import type { Size } from "../image/resample.js";

/** Keeps the stored numbers: no colour profile applied, no colour multiplied with alpha. */
export const EXACT: ImageBitmapOptions = {
  colorSpaceConversion: "none",
  premultiplyAlpha: "none",
};

/** Side of the canvas; larger pictures are read in parts, since each browser has its own largest canvas. */
const TILE = 4096;

function context2d({ width, height }: Size): OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D {
  const offscreen = typeof OffscreenCanvas === "function";
  const canvas = offscreen ? new OffscreenCanvas(width, height) : document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = (canvas as OffscreenCanvas).getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImageError("IMG_READ_BACK", `the browser gives no canvas of ${width} x ${height} pixels`);
  // Each drawing replaces all there was, so that none that failed shows what was drawn before.
  context.globalCompositeOperation = "copy";
  return context;
}

/** Draws a picture and calls `work` with RGBA bytes of each of its parts. */
function eachTile(
  picture: CanvasImageSource,
  { width, height }: Size,
  work: (rgba: Uint8Array, left: number, top: number, size: Size) => void,
): void {
  const context = context2d({ width: Math.min(TILE, width), height: Math.min(TILE, height) });
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const size = { width: Math.min(TILE, width - left), height: Math.min(TILE, height - top) };
      context.drawImage(picture, -left, -top);
      const { data } = context.getImageData(0, 0, size.width, size.height);
      work(new Uint8Array(data.buffer), left, top, size);
    }
  }
}

/** RGB [H,W,3] of a picture; of transparent pixels what the canvas makes of them. `opaque`: whether it had none. */
function read(picture: CanvasImageSource, size: Size): { image: Image; opaque: boolean } {
  const { width, height } = size;
  const whole = width <= TILE && height <= TILE ? undefined : new Uint8Array(3 * width * height);
  let image: Image = { data: whole ?? new Uint8Array(0), width, height };
  let opaque = true;
  eachTile(picture, size, (rgba, left, top, tile) => {
    for (let i = 3; i < rgba.length && opaque; i += 4) opaque = rgba[i] === 255;
    const part = pickChannels(rgba, tile, 4, [0, 1, 2]);
    if (!whole) image = part;
    else {
      for (let y = 0; y < tile.height; y++) {
        const row = part.data.subarray(3 * tile.width * y, 3 * tile.width * (y + 1));
        whole.set(row, 3 * ((top + y) * width + left));
      }
    }
  });
  return { image, opaque };
}

const CANARY = 64;

/** Draws known pixels and reads them back. @throws ImageError if they come back changed. */
async function drawCanary(): Promise<void> {
  const known = new ImageData(CANARY, CANARY);
  // All values of each channel, at places that differ between channels.
  for (let i = 0; i < CANARY * CANARY; i++)
    known.data.set(
      [i, 7 * i + (i >> 8), 31 * i + (i >> 4), 255].map((v) => v & 255),
      4 * i,
    );
  const bitmap = await createImageBitmap(known, EXACT);
  const { image } = read(bitmap, known);
  bitmap.close();
  const expected = pickChannels(new Uint8Array(known.data.buffer), known, 4, [0, 1, 2]);
  if (image.data.every((value, i) => value === expected.data[i])) return;
  throw new ImageError(
    "IMG_READ_BACK",
    "this browser changes the pixels that a page reads back from a canvas (a privacy mode does): allow canvas reading for this site, or pass ImageData or raw pixels",
  );
}

let canary: Promise<void> | undefined;

/** As `read`, where the canary lived: it is drawn once. @throws ImageError */
export async function readBack(picture: CanvasImageSource, size: Size): Promise<{ image: Image; opaque: boolean }> {
  canary ??= drawCanary();
  await canary;
  return read(picture, size);
}

function sizeOf(x: Drawable): Size {
  if ("displayWidth" in x) return { width: x.displayWidth, height: x.displayHeight };
  if ("naturalWidth" in x) return { width: x.naturalWidth, height: x.naturalHeight };
  return x;
}

/**
 * RGB [H,W,3] of an ImageBitmap, VideoFrame, canvas or image element as the browser draws it (a colour profile is applied or not, as it
 * was made); alpha is dropped, and half-transparent colours are what the canvas keeps of them.
 * @throws ImageError IMG_SIZE if it is empty or closed; IMG_CORRUPT; IMG_READ_BACK if the browser does not let it be read.
 */
export async function pixelsOf(x: Drawable): Promise<Image> {
  if ("naturalWidth" in x) {
    await x.decode().catch((cause) => {
      throw new ImageError("IMG_CORRUPT", `the image element shows no image: ${cause.message}`, { cause });
    });
  }
  const { width, height } = sizeOf(x);
  checkSize("a picture (closed ones are empty)", width, height);
  try {
    return (await readBack(x as CanvasImageSource, { width, height })).image;
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    const what = "the browser does not let the picture be read (is it from another origin, without CORS?)";
    throw new ImageError("IMG_READ_BACK", `${what}: ${(cause as Error).message}`, { cause });
  }
}
