/** The class token before the others, and the position of each: concat(cls, x) + pos. */

import {
  abs,
  bench,
  byToken,
  casesOf,
  definition,
  EITHER_WAY,
  type Mutants,
  op,
  rounded,
  sequences,
  size,
  sumOf,
} from "./define.js";

export const tokens = op({
  evaluate({ inputs }, [x, cls, pos]) {
    const [B, N, C] = inputs[0].shape;
    const y = byToken(B, 1 + N, C, (b, l, c) => {
      return (l === 0 ? cls[c] : x[(b * N + l - 1) * C + c]) + pos[l * C + c];
    });
    return [y];
  },
  bound: (_, __, [y], sums) => [rounded(abs(y), EITHER_WAY, sums)],
  integers: 1000,
  /** For each output a patch or the class token is read, and a position. */
  leastElements: ({
    inputs: [
      {
        shape: [B],
      },
      ,
      { shape: pos },
    ],
  }) => 3 * B * size(pos),
  batched: [0],
  cases: casesOf([...sequences, [bench, [[1, 196, 768]]]], ([B, N, C]) => {
    const x = [B, N, C];
    return { shapes: [x, [1, 1, C], [1, 1 + N, C]], attrs: {} };
  }),
});

export const tokensGrad = definition({
  evaluate({ inputs }, [dy]) {
    const [B, L, C] = inputs[0].shape;
    const dpos = new Float64Array(L * C).map((_, i) => sumOf(B, (b) => dy[b * L * C + i]));
    return [byToken(B, L - 1, C, (b, n, c) => dy[(b * L + n + 1) * C + c]), dpos.slice(0, C), dpos];
  },
});

export const mutants: Mutants = {
  cases: "C2/tokens/*",
  files: {
    "gpu/ops/tokens.wgsl": [
      [
        "those of all images but the first are shifted",
        "v = f32(x[(row - row / L - 1u) * C + c]);",
        "v = f32(x[(row - 1u) * C + c]);",
      ],
    ],
  },
};
