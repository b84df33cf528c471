/** What passes for numbers. */

import { expect, it } from "vitest";
import { NonFiniteError } from "../gpu/errors.js";
import { checkFinite } from "../sdk/base/tensor.js";

it("finds the first number that is not finite, wherever it stands", () => {
  const largest = [0, -0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45, 1, -1, 1e38, -1e38];
  for (const make of [(data: number[]) => Float32Array.from(data), (data: number[]) => data]) {
    expect(() => checkFinite("x", make(largest))).not.toThrow();
    expect(() => checkFinite("x", make([]))).not.toThrow();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (let i = 0; i < largest.length; i++) {
        const data = largest.map((v, j) => (j === i || j === largest.length - 1 ? bad : v));
        expect(() => checkFinite("x", make(data))).toThrow(new NonFiniteError("x", i, bad));
      }
    }
  }
});
