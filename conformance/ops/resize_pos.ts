/** A position embedding for another grid, by cubic convolution, as torch resizes. */

import { abs, bench, casesOf, full, type Groups, type Mutants, op, quick, soft, TINY } from "./define.js";

type Grid = readonly [number, number];

/** [from, to, C] */
// biome-ignore format: a line for each group
const grids: Groups<readonly [Grid, Grid, number]> = [
  [soft, [[[14, 14], [24, 24], 6], [[14, 14], [3, 29], 5], [[3, 37], [2, 45], 4]]],
  [quick, [[[1, 1], [2, 3], 4], [[14, 14], [14, 15], 3], [[2, 32], [2, 33], 3], [[35, 3], [70, 2], 3], [[2, 3], [2, 130], 2]]],
  [full, [[[2, 2], [7, 1], 8], [[7, 7], [14, 14], 16], [[14, 14], [7, 7], 12], [[3, 5], [5, 3], 1], [[14, 14], [37, 11], 4]]],
  [bench, [[[14, 14], [24, 24], 768]]],
];

/** Keys' cubic convolution kernel with A = -0.75. */
function cubic(d: number): number {
  const A = -0.75;
  const a = Math.abs(d);
  if (a >= 2) return 0;
  return a <= 1 ? (A + 2) * a ** 3 - (A + 3) * a ** 2 + 1 : A * (a ** 3 - 5 * a ** 2 + 8 * a - 4);
}

/** The sixteen weights of a position add up to at most (1.5625)^2 in magnitude. */
const WEIGHTS = 2.45;

export const resizePos = op<{ from: Grid; to: Grid }>({
  leastElements: ({ inputs: [{ shape }], attrs: { to } }) => 17 * (1 + to[0] * to[1]) * shape[2],
  evaluate({ inputs, attrs }, [pos]) {
    const [[h, w], [H, W]] = [attrs.from, attrs.to];
    const C = inputs[0].shape[2];
    const y = new Float64Array((1 + H * W) * C);
    y.set(pos.subarray(0, C));
    const clamp = (i: number, n: number) => Math.min(Math.max(i, 0), n - 1);
    for (let n = 0; n < H * W; n++) {
      const sy = ((Math.floor(n / W) + 0.5) * h) / H - 0.5;
      const sx = (((n % W) + 0.5) * w) / W - 0.5;
      for (let j = Math.floor(sy) - 1; j <= Math.floor(sy) + 2; j++) {
        for (let i = Math.floor(sx) - 1; i <= Math.floor(sx) + 2; i++) {
          const from = (1 + clamp(j, h) * w + clamp(i, w)) * C;
          for (let c = 0; c < C; c++) y[(1 + n) * C + c] += cubic(sy - j) * cubic(sx - i) * pos[from + c];
        }
      }
    }
    return [y];
  },
  bound({ inputs }, [pos], [y], sums) {
    const top = abs(pos).reduce((a, b) => Math.max(a, b), 0);
    return [y.map((_, i) => (i < inputs[0].shape[2] ? 0 : sums(18) * WEIGHTS * top + 18 * TINY))];
  },
  largest: (_, limit) => limit / WEIGHTS,
  cases: casesOf(grids, ([from, to, C]) => ({ shapes: [[1, 1 + from[0] * from[1], C]], attrs: { from, to } })),
});

export const mutants: Mutants = {
  cases: "C2/resizePos/*",
  files: {
    "assembly/nn/resize_pos.ts": [
      [
        "with aligned corners",
        "const sy = (<f64>(n / W) + 0.5) * (<f64>h / <f64>H) - 0.5;",
        "const sy = <f64>(n / W) * (<f64>(h - 1) / <f64>(H - 1));",
      ],
      [
        "columns beyond 32 repeat",
        "const col = min(max(x0 + i - 1, 0), w - 1);",
        "const col = min(max(x0 + i - 1, 0), min(w, 32) - 1);",
      ],
    ],
    "gpu/ops/resize_pos.wgsl": [["with A = -0.5", "let A = -0.75;", "let A = -0.5;"]],
  },
};
