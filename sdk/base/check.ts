/** Argument checks that the public functions share. */

import { OptionError, ShapeError } from "../../gpu/errors.js";
import { checkFinite, type Tensor, tensor } from "./tensor.js";

/** A wrong value as messages show it. */
function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** @throws OptionError (OPT_UNKNOWN) naming the keys of `given` that are not among `known`, and those that are. */
export function checkKeys(name: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) {
    throw new OptionError("OPT_VALUE", `${name}: expected an object of options, got ${shown(given)}`);
  }
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  throw new OptionError(
    "OPT_UNKNOWN",
    `${name}: unknown option ${unknown.join(", ")}; the options are ${known.join(", ")}`,
  );
}

/** Returns `value`. @throws OptionError unless it is an integer from `low` to `high`. */
export function checkInteger(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new OptionError("OPT_VALUE", `${name}: expected an integer from ${low} to ${high}, got ${shown(value)}`);
  }
  return value;
}

/** @throws OptionError unless `by` divides `value`. */
export function checkMultiple(name: string, value: number, by: number): void {
  if (value % by !== 0) throw new OptionError("OPT_VALUE", `${name}: ${value} is not a multiple of ${by}`);
}

/** Returns `value`. @throws OptionError listing the choices unless it is one of them. */
export function checkChoice<T extends string | boolean>(name: string, value: T, choices: readonly T[]): T {
  if (!choices.includes(value)) {
    throw new OptionError("OPT_VALUE", `${name}: expected one of ${choices.join(", ")}, got ${shown(value)}`);
  }
  return value;
}

/** Returns `input` over f32 data. @throws ShapeError unless its data are floats and fill its shape; NonFiniteError */
export function checkTensor(name: string, input: Tensor): Tensor {
  if (!input?.data || !Array.isArray(input.shape)) {
    throw new ShapeError(
      "SHAPE_MISMATCH",
      `${name}: expected a tensor { data, shape }; preprocess() makes one of an image`,
    );
  }
  const checked = tensor(input.data, input.shape, name);
  checkFinite(name, checked.data);
  return checked;
}
