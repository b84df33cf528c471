/** The mean of all tokens but the first. */

import { spread } from "../points.js";
import {
  type Asked,
  abs,
  bench,
  byToken,
  casesOf,
  type Mutants,
  type Op,
  op,
  quick,
  rounded,
  sequences,
  size,
} from "./define.js";

export const meanTokens: Op = op({
  evaluate({ inputs }, [x]) {
    const [B, L, C] = inputs[0].shape;
    const y = byToken(B, 1, C, (b, _, c) => {
      let sum = 0;
      for (let l = 1; l < L; l++) sum += x[(b * L + l) * C + c];
      return sum / (L - 1);
    });
    return [y];
  },
  bound: (call, [x], _, sums) => [rounded(meanTokens.evaluate(call, [abs(x)])[0], call.inputs[0].shape[1], sums)],
  leastElements: ({ inputs: [{ shape }] }) => size(shape),
  batched: [0],
  cases: casesOf(
    [
      ...sequences,
      [
        quick,
        [
          [2, 1024, 3],
          [1, 1025, 4],
        ],
      ],
      // the bound is that of independent roundings: those of thousands of equal numbers go one way
      [{ ...quick, only: true }, [[1, 4099, 5]]],
      [bench, [[1, 196, 768]]],
    ],
    (dims) => {
      const [B, N, C] = dims;
      return { shapes: [[B, 1 + N, C]], attrs: {} };
    },
  ),
  questions: [3, 7, 196].map((n) => ({
    id: `C1/division by ${n}`,
    scope: "quick",
    boundKind: "closed",
    /** The mean of `n` equal numbers. */
    ask(on: Asked<object>) {
      const a = spread(on.device, 2 ** -60, 2 ** 60, 2 ** 12);
      const x = new Float32Array((1 + n) * a.length).map((_, i) => a[i % a.length]);
      return on.measure([[1, 1 + n, a.length]], {}, [x]);
    },
  })),
});

export const mutants: Mutants = {
  cases: "C2/meanTokens/*",
  files: {
    "gpu/ops/mean_tokens.wgsl": [
      [
        "the class token is in the mean",
        "for (var l = 1u; l < L; l++)",
        "for (var l = 0u; l < L; l++)",
        { quick: true },
      ],
    ],
    "assembly/nn/mean_tokens.ts": [
      [
        "tokens beyond 1,024 are left out",
        "for (let l = 1; l < L; l++) addRow(",
        "for (let l = 1; l < min(L, 1025); l++) addRow(",
      ],
    ],
  },
};
