/** A position embedding for another grid, by cubic convolution, as torch resizes: plain and antialiased. */

import { abs, bench, casesOf, full, type Groups, type Mutants, op, quick, soft, TINY } from "./define.js";

type Grid = readonly [number, number];

/** [from, to, C], and whether it is antialiased */
type Form = readonly [Grid, Grid, number, boolean?];

// biome-ignore format: a line for each group
const grids: Groups<Form> = [
  [soft, [[[14, 14], [24, 24], 6], [[14, 14], [3, 29], 5], [[3, 37], [2, 45], 4]]],
  [soft, [[[14, 14], [10, 24], 6, true], [[3, 37], [2, 45], 4, true]]],
  [quick, [[[1, 1], [2, 3], 4], [[14, 14], [14, 15], 3], [[2, 32], [2, 33], 3], [[35, 3], [70, 2], 3], [[2, 3], [2, 130], 2]]],
  [quick, [[[14, 14], [7, 10], 3, true], [[1, 1], [2, 3], 4, true], [[35, 3], [3, 35], 3, true], [[2, 70], [3, 1], 2, true]]],
  [full, [[[2, 2], [7, 1], 8], [[7, 7], [14, 14], 16], [[14, 14], [7, 7], 12], [[3, 5], [5, 3], 1], [[14, 14], [37, 11], 4]]],
  [full, [[[14, 14], [24, 24], 16, true], [[14, 14], [16, 16], 5, true], [[4, 4], [33, 33], 3, true], [[37, 37], [14, 5], 4, true]]],
  [bench, [[[14, 14], [24, 24], 768]]],
];

/** Keys' cubic convolution kernel. */
function cubic(d: number, A: number): number {
  const a = Math.abs(d);
  if (a >= 2) return 0;
  return a <= 1 ? (A + 2) * a ** 3 - (A + 3) * a ** 2 + 1 : A * (a ** 3 - 5 * a ** 2 + 8 * a - 4);
}

/** The weights of every output of an axis over its inputs: whatever a tap beyond the border is given is the border's, or nothing antialiased. */
function axis(given: number, wanted: number, antialias: boolean): number[][] {
  const width = antialias ? Math.max(1, given / wanted) : 1;
  return Array.from({ length: wanted }, (_, i) => {
    const centre = ((i + 0.5) * given) / wanted - 0.5;
    const weights: number[] = Array(given).fill(0);
    for (let j = Math.floor(centre - 2 * width); j <= Math.ceil(centre + 2 * width); j++) {
      const inside = Math.min(Math.max(j, 0), given - 1);
      if (inside === j || !antialias) weights[inside] += cubic((j - centre) / width, antialias ? -0.5 : -0.75);
    }
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  });
}

const axes = ({ from, to, antialias }: Attrs) => [0, 1].map((k) => axis(from[k], to[k], antialias));
const terms = (weights: readonly number[]) => weights.filter((weight) => weight !== 0).length;
const magnitude = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
/** What the weights of a position add up to in magnitude, at most: (1.5625)^2 where taps are clamped. */
const largest = (attrs: Attrs) => {
  const [rows, columns] = axes(attrs).map((all) => Math.max(1.5625, ...all.map(magnitude)));
  return rows * columns;
};

interface Attrs {
  readonly from: Grid;
  readonly to: Grid;
  readonly antialias: boolean;
}

export const resizePos = op<Attrs>({
  leastElements({ inputs: [{ shape }], attrs }) {
    const [rows, columns] = attrs.antialias ? axes(attrs).map((all) => all.reduce((n, w) => n + terms(w), 0)) : [4, 4];
    const [H, W] = attrs.to;
    const read = attrs.antialias ? rows * columns : rows * columns * H * W;
    return (read + H * W + 2) * shape[2];
  },
  evaluate({ inputs, attrs }, [pos]) {
    const [, w] = attrs.from;
    const [H, W] = attrs.to;
    const C = inputs[0].shape[2];
    const [rows, columns] = axes(attrs);
    const y = new Float64Array((1 + H * W) * C);
    y.set(pos.subarray(0, C));
    for (let n = 0; n < H * W; n++) {
      rows[Math.floor(n / W)].forEach((down, j) => {
        columns[n % W].forEach((along, i) => {
          if (down * along === 0) return;
          for (let c = 0; c < C; c++) y[(1 + n) * C + c] += down * along * pos[(1 + j * w + i) * C + c];
        });
      });
    }
    return [y];
  },
  bound({ inputs, attrs }, [pos], [y], sums) {
    const top = abs(pos).reduce((a, b) => Math.max(a, b), 0);
    // both sums of a kernel, and the taps at the border that are one here
    const [down, along] = [0, 1].map((k) => 5 * (attrs.antialias ? Math.max(1, attrs.from[k] / attrs.to[k]) : 1));
    const depth = Math.ceil(2 * down * along + 2);
    const reach = largest(attrs) * top;
    return [y.map((_, i) => (i < inputs[0].shape[2] ? 0 : sums(depth) * reach + depth * TINY))];
  },
  largest: ({ attrs }, limit) => limit / largest(attrs),
  cases: casesOf(grids, ([from, to, C, antialias = false]) => ({
    shapes: [[1, 1 + from[0] * from[1], C]],
    attrs: { from, to, antialias },
  })),
});

export const mutants: Mutants = {
  cases: "C2/resizePos/*",
  files: {
    "assembly/nn/resize_pos.ts": [
      [
        "with aligned corners",
        "const d = <f64>j + 0.5 - (<f64>i + 0.5) * step;",
        "const d = <f64>j - <f64>i * (<f64>(given - 1) / <f64>(wanted - 1));",
      ],
      [
        "columns from the 33rd on take the taps of the 32nd",
        "const cx = under(n % W, w, W);",
        "const cx = under(min(n % W, 31), w, W);",
      ],
      ["columns beyond 32 repeat", "const col = min(max(i, 0), w - 1);", "const col = min(max(i, 0), min(w, 32) - 1);"],
      ["antialiased with A = -0.75", "Math.max(step, 1), -0.5)", "Math.max(step, 1), -0.75)"],
      ["antialiased without a wider kernel", "cubic(d / Math.max(step, 1), -0.5)", "cubic(d, -0.5)"],
      ["antialiased with clamped taps", "j < 0 || j >= given ? 0 :", "false ? 0 :"],
    ],
    "gpu/ops/resize_pos.wgsl": [
      ["with A = -0.5", "select(-0.75, -0.5, ANTIALIAS == 1u)", "-0.5"],
      ["with A = -0.75 throughout", "select(-0.75, -0.5, ANTIALIAS == 1u)", "-0.75"],
      ["with a kernel of one width", "select(wanted, max(given, wanted), ANTIALIAS == 1u)", "wanted"],
      [
        "columns from the 33rd on look around the 32nd",
        "let columns = tapsOf(n % TO_W,",
        "let columns = tapsOf(min(n % TO_W, 31),",
        { cases: "C2/resizePos/[1,112,4]*" },
      ],
    ],
  },
};
