/** Figures that outputs show of an array. */

import { createHash } from "node:crypto";

/** SHA-256 of an array's bytes, in hex. */
export function sha256(data: ArrayBufferView): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

export function sum(data: Iterable<number>): number {
  let total = 0;
  for (const x of data) total += x;
  return total;
}

/** The first eight numbers. */
export function firstOf(data: Float32Array): number[] {
  return [...data.subarray(0, 8)];
}

/** First numbers, length, mean and standard deviation. */
export function summary(data: Float32Array) {
  const mean = sum(data) / data.length;
  let squares = 0;
  let deviations = 0;
  for (const x of data) {
    squares += x * x;
    deviations += (x - mean) ** 2;
  }
  return { first: firstOf(data), norm: Math.sqrt(squares), mean, std: Math.sqrt(deviations / data.length) };
}

/** For people: four decimals. */
export const short = (x: number): string => x.toFixed(4);
