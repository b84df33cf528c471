/** Numbers by their bit patterns: spread over all of them, or every one. */

import { f16ToF32, f32ToF16 } from "../sdk/wasm/half.js";
import type { Measured } from "./case.js";
import type { Stored } from "./ops/define.js";
import { joined } from "./score.js";

/** f32 numbers with these bit patterns. */
function patterns(count: number, bit: (i: number) => number): Float32Array {
  return new Float32Array(Uint32Array.from({ length: count }, (_, i) => bit(i)).buffer);
}

const bitsOf = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0];
const toHalf = (x: number) => f16ToF32(f32ToF16(Float32Array.of(x)))[0];

/** What a device stores: binary digits of a number, the smallest normal one, the largest, and what remains of a number. */
export const formatOf = ({ numberBytes }: Pick<Stored, "numberBytes">) =>
  numberBytes === 2
    ? { digits: 11, least: 2 ** -14, largest: 65504, stored: toHalf }
    : { digits: 24, least: 2 ** -126, largest: 3.4e38, stored: Math.fround };

/**
 * Evenly spaced bit patterns from `low` to `high`, both of one sign: as many between 1 and 2 as between 2 and 4. What the device cannot
 * store is left out.
 */
export function spread(device: Stored, low: number, high: number, count = 2 ** 14): Float32Array {
  const { largest } = formatOf(device);
  const [first, last] = [low, high].map((x) => bitsOf(Math.sign(x) * Math.min(Math.abs(x), largest)));
  return patterns(count, (i) => Math.round(first + ((last - first) * i) / (count - 1))).map(formatOf(device).stored);
}

export const both = (x: Float32Array) => Float32Array.from([...x, ...x.map((v) => -v)]);

/** All 65,536 f16 numbers. */
export const everyHalf = () => f16ToF32(Uint16Array.from({ length: 65536 }, (_, i) => i));

const CHUNK = 2 ** 20;

/** All numbers whose bit patterns lie from `first` to before `end`. */
async function everyPattern(
  first: number,
  end: number,
  ask: (x: Float32Array) => Promise<Measured>,
): Promise<Measured> {
  const parts: Measured[] = [];
  for (let at = first; at < end; at += CHUNK) {
    parts.push(await ask(patterns(Math.min(CHUNK, end - at), (i) => at + i)));
  }
  return joined(parts);
}

/** All finite numbers that are not negative. */
export const everyPositive = (ask: (x: Float32Array) => Promise<Measured>) =>
  everyPattern(0, bitsOf(Number.POSITIVE_INFINITY), ask);

/** All negative numbers, from -0 to before `last`. */
export const everyNegative = (ask: (x: Float32Array) => Promise<Measured>, last = Number.NEGATIVE_INFINITY) =>
  everyPattern(bitsOf(-0), bitsOf(last), ask);
