/** The op cases in float64, and what a device's output is worth beside it. */

import { boundUse, errorBound } from "../conformance/bounds.js";
import { evaluate } from "../conformance/reference.js";
import type { OpCase } from "./ops.cases.js";

interface Expected {
  readonly output: Float64Array;
  /** How far each number of a correct f32 kernel may be from it. */
  readonly bound: Float64Array;
}

const known = new Map<string, Expected>();

/** Computed once for each case. */
export function expectedOf({ name, call, inputs }: OpCase): Expected {
  let expected = known.get(name);
  if (!expected) {
    const exact = inputs.map((x) => Float64Array.from(x));
    const output = evaluate(call, exact);
    expected = { output, bound: errorBound(call, exact, output) };
    known.set(name, expected);
  }
  return expected;
}

/** How much of its bound a result uses. */
export function useOf(c: OpCase, actual: ArrayLike<number>): number {
  const { output, bound } = expectedOf(c);
  return boundUse(actual, output, bound);
}

/** `npm run kernels` leaves nothing out. */
const isWhole = process.env.MASKFEAT_KERNELS === "all";

/** Whether a device runs the case whose kernels compile slowly. */
export const isForGpu = (c: OpCase) => c.quick || isWhole;
