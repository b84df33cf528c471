/** Some tokens of a sequence: all but the class token, the class token without an axis of its own, or others. */

import { bench, byToken, casesOf, definition, type Mutants, onDevice, op, quick, sequences } from "./define.js";

interface Slice {
  readonly first: number;
  readonly count?: number;
}

export const sliceTokens = op<Slice>({
  evaluate({ inputs, attrs: { first, count = 1 } }, [x]) {
    const [B, L, C] = inputs[0].shape;
    return [byToken(B, count, C, (b, l, c) => x[(b * L + first + l) * C + c])];
  },
  integers: 2047,
  batched: [0],
  cases: [
    ...casesOf<Slice>([...sequences, [bench, [[1, 196, 768]]]], ([B, N, C]) => ({
      shapes: [[B, 1 + N, C]],
      attrs: { first: 1, count: N },
    })),
    ...casesOf<Slice>(sequences, ([B, N, C]) => ({ shapes: [[B, 1 + N, C]], attrs: { first: 0 } })),
    { ...onDevice, shapes: [[2, 9, 5]], attrs: { first: 3, count: 4 } },
    { ...quick, shapes: [[3, 7, 2]], attrs: { first: 6 } },
  ],
});

export const sliceTokensGrad = definition<{ first: number; tokens: number }>({
  evaluate({ inputs, attrs: { first, tokens } }, [dy]) {
    const { shape } = inputs[0];
    const [B, count, C] = shape.length === 2 ? [shape[0], 1, shape[1]] : shape;
    const inside = (l: number) => l >= first && l < first + count;
    return [byToken(B, tokens, C, (b, l, c) => (inside(l) ? dy[(b * count + l - first) * C + c] : 0))];
  },
});

export const mutants: Mutants = {
  cases: "C0/copy/sliceTokens*",
  files: {
    "assembly/nn/slice_tokens.ts": [
      ["tokens begin with the first one", "x + <usize>(b * L + first) * row", "x + <usize>(b * L) * row"],
    ],
    "gpu/ops/slice_tokens.wgsl": [
      [
        "tokens begin with the first one on WebGPU",
        "(row / COUNT * L + FIRST + row % COUNT)",
        "(row / COUNT * L + row % COUNT)",
      ],
    ],
  },
};
