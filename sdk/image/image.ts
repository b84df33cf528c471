/** Decoded pixels, and what this room needs of the runtime around it. */

import { ImageError } from "../../gpu/errors.js";
import type { IoPlatform } from "../io/types.js";
import type { Formats } from "./sniff.js";

/** Decoded pixels: u8 RGB, HWC, row-major. */
export interface Image {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * A picture that a browser can draw: ImageBitmap, VideoFrame, canvas, OffscreenCanvas or image element, distinguished by their members, so
 * that the types need no DOM.
 */
export type Drawable =
  | { readonly width: number; readonly height: number; close(): void }
  | { readonly displayWidth: number; readonly displayHeight: number; close(): void }
  | { readonly width: number; readonly height: number; getContext(kind: "2d"): unknown }
  | { readonly naturalWidth: number; readonly naturalHeight: number; decode(): Promise<void> };

/** Decoders of the runtime. */
export interface ImagePlatform extends IoPlatform {
  /**
   * Decodes a JPEG, PNG or WebP file as OpenCV's `IMREAD_COLOR` does, to RGB, and with `formats: "any"` what else the runtime decodes.
   * `name` is for messages. @throws ImageError
   */
  decode(bytes: Uint8Array, name: string, formats?: Formats): Promise<Image>;
  /** RGB of a picture that the runtime can draw, alpha dropped; absent if it draws none. @throws ImageError */
  pixelsOf?(picture: Drawable): Promise<Image>;
}

/** @throws ImageError unless both are positive integers. */
export function checkSize(name: string, width: number, height: number): void {
  if (Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0) return;
  throw new ImageError("IMG_SIZE", `${name}: width and height must be positive integers, got ${width} x ${height}`);
}

/** @throws ImageError unless `image` holds width x height RGB pixels, at least one. */
export function checkImage(name: string, image: Image): void {
  if (!(image?.data instanceof Uint8Array)) {
    throw new ImageError(
      "IMG_FORMAT",
      `${name}: expected an image { data: Uint8Array, width, height }; toImage() makes one`,
    );
  }
  const { data, width, height } = image;
  checkSize(name, width, height);
  if (data.length !== 3 * width * height) {
    const found = `${width} x ${height} RGB pixels need ${3 * width * height} bytes, got ${data.length}`;
    throw new ImageError("IMG_SIZE", `${name}: ${found}; toImage() converts other layouts`);
  }
}
