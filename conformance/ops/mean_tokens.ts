/** The mean of all tokens but the first. */

import { spread } from "../points.js";
import {
  type Asked,
  abs,
  bench,
  byToken,
  casesOf,
  definition,
  type Mutants,
  type Op,
  op,
  quick,
  rounded,
  sequences,
  size,
  soft,
} from "./define.js";

/** Additions that a term of a sum of `n` goes through: four lanes, 4 terms at a time, 16 such sums at a time, those one by one, and the lanes. */
const depthOf = (n: number) => Math.min(Math.ceil(n / 4), 4) + Math.min(Math.ceil(n / 16), 16) + Math.ceil(n / 256) + 2;

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
  // the sum, and its division
  bound: (call, [x], _, sums) => [
    rounded(meanTokens.evaluate(call, [abs(x)])[0], depthOf(call.inputs[0].shape[1] - 1) + 1, sums),
  ],
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
      // equal numbers, whose roundings go one way if they are summed one by one
      [{ ...quick, kinds: [...quick.kinds, "constant"] }, [[1, 1295, 33]]],
      [{ ...soft, kinds: ["constant"] }, [[1, 4099, 5]]],
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

export const meanTokensGrad = definition<{ tokens: number }>({
  evaluate({ inputs, attrs: { tokens } }, [dy]) {
    const [B, C] = inputs[0].shape;
    return [byToken(B, tokens, C, (b, l, c) => (l === 0 ? 0 : dy[b * C + c] / (tokens - 1)))];
  },
});

export const mutants: Mutants = {
  cases: "C2/meanTokens/*",
  files: {
    "gpu/ops/mean_tokens.wgsl": [
      ["the class token is in the mean", "var l0 = 1u; l0 < L;", "var l0 = 0u; l0 < L;", { quick: true }],
      [
        "tokens are summed one by one",
        "near += four(first, l);",
        "sums += four(first, l);",
        { cases: "C2/meanTokens/[1,4100,5]*" },
      ],
      [
        "a token of more than 1,024 is left out",
        "k < L - l;",
        "k < L - l - u32(L > 1025u);",
        { cases: "C2/meanTokens/[1,4100,5]*" },
      ],
    ],
    "assembly/nn/mean_tokens.ts": [
      [
        "of more than 1,024 tokens one is left out",
        "const last = x + <usize>(b + 1) * <usize>L * row;",
        "const last = x + (<usize>(b + 1) * <usize>L - (L > 1025 ? 1 : 0)) * row;",
      ],
      ["the first half of eight tokens counts twice", "four(x + half + i, row)", "four(x + i, row)"],
    ],
  },
};
