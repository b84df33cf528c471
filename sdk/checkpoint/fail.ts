/** What readers of files share: errors that name the file, and arithmetic that never leaves the exact integers. */

import { CheckpointError, type ErrorCode } from "../../gpu/errors.js";

/** Throws a CheckpointError that begins with the file's name. */
export type Fail = (code: ErrorCode, what: string) => never;

export function failer(name: string): Fail {
  return (code, what) => {
    throw new CheckpointError(code, `${name}: ${what}`);
  };
}

/** A name as messages show it: a file may hold names of any length. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);
}

/** The text; undefined if `bytes` are no UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The product of sizes; undefined if it is not exact in f64. */
export function product(sizes: readonly number[]): number | undefined {
  if (sizes.includes(0)) return 0;
  let result = 1;
  for (const n of sizes) {
    result *= n;
    if (!Number.isSafeInteger(result)) return undefined;
  }
  return result;
}

const LARGEST = { F32: "3.4e38", F16: "65504", BF16: "3.4e38" };

/** What is said of an element that would become infinite. */
export function beyondRange(name: string, index: number, value: number, dtype: keyof typeof LARGEST): string {
  const most = `the largest number of ${dtype} is ${LARGEST[dtype]}`;
  const fix = dtype === "F32" ? "scale it where it was made" : "store it as F32";
  return `tensor ${quoted(name)}: element ${index} is ${value}, and ${most}: ${fix}`;
}
