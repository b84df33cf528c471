/** The tokens of patches as a map: channels first. */

import { bench, byToken, casesOf, full, type Groups, type Mutants, onDevice, op, quick, soft } from "./define.js";

/** [B, h, w, C] */
// biome-ignore format: a line for each group
const maps: Groups = [
  [onDevice, [[2, 2, 3, 5], [3, 14, 14, 8]]],
  [soft, [[1, 1, 1, 1]]],
  [quick, [[1, 33, 2, 4], [1, 2, 33, 67]]],
  [full, [[3, 1, 7, 4], [1, 24, 24, 3], [2, 5, 5, 65], [1, 3, 31, 16]]],
  [bench, [[1, 14, 14, 768]]],
];

export const featmap = op<{ grid: readonly [number, number] }>({
  evaluate({ inputs }, [x]) {
    const [B, L, C] = inputs[0].shape;
    return [byToken(B, C, L - 1, (b, c, n) => x[(b * L + n + 1) * C + c])];
  },
  integers: 2047,
  batched: [0],
  cases: casesOf(maps, ([B, h, w, C]) => ({ shapes: [[B, 1 + h * w, C]], attrs: { grid: [h, w] } })),
});

export const mutants: Mutants = {
  cases: "C0/copy/featmap*",
  files: {
    "assembly/nn/featmap.ts": [
      ["the map begins with the class token", "<usize>((r / C) * L + 1) *", "<usize>((r / C) * L) *"],
    ],
  },
};
