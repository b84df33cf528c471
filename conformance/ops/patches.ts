/** Patches of an image, row by row, with zeros beyond its end. */

import { bench, casesOf, full, type Groups, type Mutants, onDevice, op, quick, size, soft } from "./define.js";

/** [B, H, W, patch] */
// biome-ignore format: a line for each group
const images: Groups = [
  [onDevice, [[1, 9, 6, 4]]],
  [soft, [[2, 8, 8, 4], [2, 13, 17, 5]]],
  [quick, [[1, 1, 1, 16], [1, 56, 56, 4], [1, 9, 133, 4], [2, 67, 5, 2], [2, 33, 31, 16]]],
  [full, [[1, 3, 50, 7], [3, 16, 16, 16], [1, 33, 31, 16], [1, 224, 96, 16], [2, 5, 7, 1], [1, 64, 64, 32]]],
  [bench, [[1, 224, 224, 16]]],
];

export const patches = op<{ patch: number }>({
  evaluate({ inputs, attrs: { patch: P } }, [x]) {
    const [B, , H, W] = inputs[0].shape;
    const [gh, gw] = [Math.ceil(H / P), Math.ceil(W / P)];
    const y = new Float64Array(size([B, gh, gw, 3, P, P]));
    for (let i = 0; i < y.length; i++) {
      const [dx, dy, c] = [i % P, Math.floor(i / P) % P, Math.floor(i / (P * P)) % 3];
      const n = Math.floor(i / (3 * P * P));
      const [col, row, b] = [n % gw, Math.floor(n / gw) % gh, Math.floor(n / (gw * gh))];
      const [py, px] = [row * P + dy, col * P + dx];
      if (py < H && px < W) y[i] = x[((b * 3 + c) * H + py) * W + px];
    }
    return [y];
  },
  integers: 2047,
  batched: [0],
  cases: casesOf(images, ([B, H, W, patch]) => ({ shapes: [[B, 3, H, W]], attrs: { patch } })),
});

export const mutants: Mutants = {
  cases: "C2/patches/*",
  files: {
    "gpu/kernels/patches.wgsl": [
      [
        "a patch is transposed",
        `  let row = n / gw % gh * P + i / P % P;
  let column = n % gw * P + i % P;`,
        `  let row = n / gw % gh * P + i % P;
  let column = n % gw * P + i / P % P;`,
      ],
    ],
    "assembly/nn/tokens.ts": [
      [
        "blue for red",
        "const plane = images + <usize>((n / (gw * gh)) * 3 + c) *",
        "const plane = images + <usize>((n / (gw * gh)) * 3 + 2 - c) *",
      ],
    ],
  },
};
