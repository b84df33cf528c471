/** Argument checks that the functions of this folder share. */

import { ImageError, OptionError } from "../../gpu/errors.js";
import type { Image } from "../platform/types.js";

/** Returns `value`. @throws OptionError unless it is an integer from `low` to `high`. */
export function checkInteger(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new OptionError("OPT_VALUE", `${name}: expected an integer from ${low} to ${high}, got ${value}`);
  }
  return value;
}

/** Returns `value`. @throws OptionError listing the choices unless it is one of them. */
export function checkChoice<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (!choices.includes(value)) {
    throw new OptionError("OPT_VALUE", `${name}: expected one of ${choices.join(", ")}; got ${String(value)}`);
  }
  return value;
}

/** @throws ImageError unless `image` holds width x height RGB pixels, at least one. */
export function checkImage(name: string, image: Image): void {
  const { data, width, height } = image;
  const valid = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0;
  if (!valid) {
    throw new ImageError("IMG_SIZE", `${name}: width and height must be positive integers, got ${width} x ${height}`);
  }
  if (data.length !== 3 * width * height) {
    const found = `${width} x ${height} RGB pixels need ${3 * width * height} bytes, got ${data.length}`;
    throw new ImageError("IMG_SIZE", `${name}: ${found}; toImage() converts other layouts`);
  }
}
