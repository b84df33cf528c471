/** Some tokens of a sequence: all but the class token, or that alone. */

import { bench, byToken, casesOf, type Mutants, type OpCall, op, sequences } from "./define.js";

/** `count` tokens of a sequence of `L`, from token `first` on. */
const slice = (from: (L: number) => readonly [first: number, count: number]) =>
  op({
    evaluate({ inputs }: OpCall<object>, [x]) {
      const [B, L, C] = inputs[0].shape;
      const [first, count] = from(L);
      return [byToken(B, count, C, (b, l, c) => x[(b * L + first + l) * C + c])];
    },
    integers: 2047,
    batched: [0],
    cases: casesOf([...sequences, [bench, [[1, 196, 768]]]], ([B, N, C]) => ({ shapes: [[B, 1 + N, C]], attrs: {} })),
  });

export const patchTokens = slice((L) => [1, L - 1]);
export const classToken = slice(() => [0, 1]);

export const mutants: Mutants = {
  cases: "C0/copy/patchTokens*",
  files: {
    "sdk/device/lower.ts": [
      [
        "patch tokens begin with the class token",
        "return step(core.COPY_BLOCKS.value, at(x) + C * 4, at(output)",
        "return step(core.COPY_BLOCKS.value, at(x), at(output)",
      ],
    ],
  },
};
