/** The sum over masked tokens of the mean of squared differences, and the number of those tokens. */

import { bench, casesOf, definition, type Mutants, op, quick, sequences, size, TINY, U, without } from "./define.js";

export const maskedMse = op({
  evaluate({ inputs }, [pred, target, mask]) {
    const F = inputs[0].shape[2];
    let sum = 0;
    for (let i = 0; i < pred.length; i++) sum += (mask[Math.floor(i / F)] * (pred[i] - target[i]) ** 2) / F;
    return [
      Float64Array.of(
        sum,
        mask.reduce((a, b) => a + b, 0),
      ),
    ];
  },
  // terms are not negative, so errors are relative: of a difference, its square, the sums over F and over tokens; the count is exact
  bound({ inputs }, _, [[sum]], sums) {
    const [B, N, F] = inputs[0].shape;
    return [Float64Array.of((sums(F) + sums(B * N) + 6 * U) * sum + B * N * F * TINY, 0)];
  },
  masks: [2],
  kinds: without("opposite"),
  isWide: true,
  leastElements: ({ inputs }) => inputs.reduce((sum, { shape }) => sum + size(shape), 2),
  cases: casesOf([...sequences, [quick, [[1, 1025, 3]]], [bench, [[1, 196, 108]]]], ([B, N, C]) => {
    const x = [B, N, C];
    return { shapes: [x, x, [B, N]], attrs: {} };
  }),
});

export const maskedMseGrad = definition({
  evaluate({ inputs }, [dy, pred, target, mask]) {
    const F = inputs[1].shape[2];
    return [pred.map((p, i) => (dy[0] * mask[Math.floor(i / F)] * 2 * (p - target[i])) / F)];
  },
});

export const mutants: Mutants = {
  cases: "C2/maskedMse/*",
  files: {
    "assembly/nn/masked_mse.ts": [
      ["the loss is over all tokens", "const m = <f64>load<f32>(mask + ((<usize>r) << 2));", "const m: f64 = 1;"],
    ],
  },
};
