/** a x, with a from a buffer. */

import {
  abs,
  bench,
  casesOf,
  definition,
  EITHER_WAY,
  lengths,
  type Mutants,
  op,
  rounded,
  sumOf,
  without,
} from "./define.js";

export const scale = op({
  evaluate: (_, [x, [a]]) => [x.map((v) => a * v)],
  bound: (_, __, [y], sums) => [rounded(abs(y), EITHER_WAY, sums)],
  // the squares of smaller numbers are none
  kinds: without("small", "subnormal"),
  largest: (_, limit) => Math.sqrt(limit),
  integers: 45, // 45^2 is below 2^11
  cases: casesOf([...lengths, [bench, [[197 * 768]]]], ([n]) => ({ shapes: [[n], [1]], attrs: {} })),
});

export const scaleGrad = definition({
  evaluate: (_, [dy, x, [a]]) => [dy.map((d) => a * d), Float64Array.of(sumOf(x.length, (i) => dy[i] * x[i]))],
});

export const mutants: Mutants = {
  cases: "C0/integers/scale*",
  files: {
    "assembly/nn/scale.ts": [
      ["every number has its own factor", "const factor = v128.load32_splat(a);", "const factor = v128.load(a);"],
    ],
    "gpu/ops/scale.wgsl": [["the factor is added", "f32(a[0]) * f32(x[i])", "f32(a[0]) + f32(x[i])"]],
  },
};
