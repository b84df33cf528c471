/** The mask token in place of masked ones: x (1 - m) + token m. */

import {
  abs,
  bench,
  byToken,
  casesOf,
  definition,
  type Mutants,
  type Op,
  op,
  rounded,
  sequences,
  sumOf,
} from "./define.js";

export const maskTokens: Op = op({
  evaluate({ inputs }, [x, mask, token]) {
    const [B, N, C] = inputs[0].shape;
    const y = byToken(B, N, C, (b, n, c) => {
      const m = mask[b * N + n];
      return x[(b * N + n) * C + c] * (1 - m) + token[c] * m;
    });
    return [y];
  },
  bound(call, [x, mask, token], _, sums) {
    return [rounded(maskTokens.evaluate(call, [abs(x), mask, abs(token)])[0], 4, sums)];
  },
  masks: [1],
  integers: 1000,
  batched: [0, 1],
  cases: casesOf([...sequences, [bench, [[1, 196, 768]]]], ([B, N, C]) => {
    const x = [B, N, C];
    return { shapes: [x, [B, N], [1, 1, C]], attrs: {} };
  }),
});

export const maskTokensGrad = definition({
  evaluate({ inputs }, [dy, mask]) {
    const C = inputs[0].shape[2];
    const hidden = dy.map((d, i) => d * mask[Math.floor(i / C)]);
    const token = new Float64Array(C).map((_, c) => sumOf(mask.length, (n) => hidden[n * C + c]));
    return [dy.map((d, i) => d - hidden[i]), token];
  },
});

export const mutants: Mutants = {
  cases: "C2/maskTokens/*",
  files: {
    "assembly/nn/mask_tokens.ts": [
      [
        "the mask is inverted",
        "const m = load<f32>(mask + ((<usize>r) << 2));",
        "const m = <f32>1 - load<f32>(mask + ((<usize>r) << 2));",
      ],
      ["the mask token is not put in", "    addScaled(to, token, m, C);\n", "", { quick: true }],
    ],
  },
};
