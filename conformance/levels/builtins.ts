/**
 * C1: the functions that our kernels build on. Homes of ops ask for most of them, each reached through the op that uses it: gelu as it is,
 * exp and division through a softmax over two, the inverse square root through a norm whose sums are exact, f16 through storing. Points are
 * spread over all f32 bit patterns; at scope exhaustive gelu and exp are asked for every one of them.
 */

import { f32ToF16 } from "../../sdk/wasm/half.js";
import { questionsOf } from "../calls.js";

import { everyHalf } from "../points.js";
import { exactly } from "../score.js";
import type { Case, Env, Finding } from "../suite.js";
import { mistakes } from "./mistakes.js";

/** All 65,536 half-precision numbers to f32, and back from there, and from their midpoints. */
function halves(): Finding {
  const wide = everyHalf();
  const back = f32ToF16(wide);
  let wrong = 0;
  for (let h = 0; h < 65536; h++) {
    const [sign, exponent, fraction] = [h >> 15 ? -1 : 1, (h >> 10) & 31, h & 1023];
    const value =
      exponent === 31
        ? fraction
          ? Number.NaN
          : sign * Number.POSITIVE_INFINITY
        : sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24);
    if (!Object.is(wide[h], value)) wrong++;
    if (!Number.isNaN(value) && back[h] !== h) wrong++;
  }
  // halfway between neighbours the even one is taken
  for (let h = 0; h < 0x7bff; h++) {
    const middle = (wide[h] + wide[h + 1]) / 2;
    if (f32ToF16(Float32Array.of(middle))[0] !== (h % 2 ? h + 1 : h)) wrong++;
  }
  return exactly(2 * 65536 + 0x7bff, wrong);
}

export const builtinCases = ({ device }: Env): Case[] => [
  ...questionsOf("C1", device),
  {
    id: "C1/f16/conversion, all 65,536",
    level: "C1",
    boundKind: "exact",
    scope: "quick",
    measure: async () => halves(),
  },
];

export const mutants = mistakes("C1/f16/*", "assembly/half.ts", [
  [
    "ties are rounded down",
    "i32x4.add(i32x4.add(abs, even), i32x4.splat(0xfff - (112 << 23)))",
    "i32x4.add(abs, i32x4.splat(0xfff - (112 << 23)))",
  ],
]);
