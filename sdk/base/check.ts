/** Argument checks that the public functions share. */

import { OptionError, ShapeError, shownName } from "../../gpu/errors.js";
import { checkFinite, type Tensor, tensor } from "./tensor.js";

/** A wrong value as messages show it. */
function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(shownName(value)) : shownName(String(value));
}

/** Letters put in, left out, replaced, or exchanged with the next one, that make `b` of `a` (optimal string alignment distance). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + Number(a[i - 1] !== b[j - 1]));
      if (i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}

/** " (did you mean x?)" if one of `known` is near to what was given, whatever its case and punctuation; else nothing. */
export function didYouMean(given: unknown, known: readonly unknown[]): string {
  const plain = (name: unknown) =>
    String(name)
      .slice(0, 100)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "");
  const wanted = plain(given);
  const near = known
    .map((name) => [distance(wanted, plain(name)), name] as const)
    .filter(([steps, name]) => steps <= wanted.length / 3 || (wanted.length > 3 && plain(name).includes(wanted)))
    .sort(([a], [b]) => a - b);
  return near.length > 0 && wanted ? ` (did you mean ${near[0][1]}?)` : "";
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
    `${name}: unknown option ${unknown.map(shownName).join(", ")}${didYouMean(unknown[0], known)}; the options are ${known.join(", ")}`,
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
    const found = `${shown(value)}${didYouMean(value, choices)}`;
    throw new OptionError("OPT_VALUE", `${name}: expected one of ${choices.join(", ")}, got ${found}`);
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
