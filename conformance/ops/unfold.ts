/** Patches of images or clips, row by row, with zeros beyond the border. */

import {
  bench,
  casesOf,
  definition,
  full,
  type Groups,
  type Mutants,
  onDevice,
  op,
  quick,
  size,
  soft,
} from "./define.js";

interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly (readonly [before: number, behind: number])[];
}

/** [B, H, W, patch]: non-overlapping patches that cover an image. */
// biome-ignore format: a line for each group
const images: Groups = [
  [onDevice, [[1, 9, 6, 4]]],
  [soft, [[2, 8, 8, 4], [2, 13, 17, 5]]],
  [quick, [[1, 1, 1, 16], [1, 56, 56, 4], [1, 9, 133, 4], [2, 67, 5, 2], [2, 33, 31, 16]]],
  [full, [[1, 3, 50, 7], [3, 16, 16, 16], [1, 33, 31, 16], [1, 224, 96, 16], [2, 5, 7, 1], [1, 64, 64, 32]]],
  [bench, [[1, 224, 224, 16]]],
];

/** Shape, kernel, stride and padding of windows that overlap, leave gaps, or have a border on all sides. */
const windows: Groups<readonly [x: number[], kernel: number[], stride: number[], padding: number]> = [
  [soft, [[[2, 2, 5, 11, 9], [3, 7, 7], [2, 4, 4], 1]]],
  [
    quick,
    [
      [[1, 3, 17, 19], [7, 7], [4, 4], 3],
      [[2, 1, 9, 8], [2, 3], [3, 5], 0],
      [[1, 2, 4, 6, 6], [2, 2, 2], [1, 2, 3], 0],
      [[1, 1, 3, 3], [5, 5], [1, 1], 2],
    ],
  ],
  [full, [[[1, 3, 8, 28, 28], [3, 7, 7], [2, 4, 4], 3]]],
];

/** The window of `patch` x `patch` pixels that covers an image. */
function covering([H, W]: readonly number[], patch: number): Window {
  const behind = (n: number) => [0, Math.ceil(n / patch) * patch - n] as const;
  return { kernel: [patch, patch], stride: [patch, patch], padding: [behind(H), behind(W)] };
}

/** The index along each axis of element `i` of a tensor. */
function indexOf(i: number, shape: readonly number[]): number[] {
  return shape.map((n, axis) => Math.floor(i / size(shape.slice(axis + 1))) % n);
}

const patchesOf = ([, , ...axes]: readonly number[], { kernel, stride, padding }: Window) =>
  axes.map((n, a) => Math.floor((n + padding[a][0] + padding[a][1] - kernel[a]) / stride[a]) + 1);

const sizeOf = (shape: readonly number[], window: Window) =>
  shape[0] * shape[1] * size(patchesOf(shape, window)) * size(window.kernel);

/** Which pixel each of `count` elements of patches is; those beyond the border are left out. */
function eachElement(
  shape: readonly number[],
  window: Window,
  count: number,
  work: (i: number, at: number) => void,
): void {
  const [B, C, ...axes] = shape;
  const { kernel, stride, padding } = window;
  const patches = patchesOf(shape, window);
  for (let i = 0; i < count; i++) {
    const [b, n, c, k] = indexOf(i, [B, size(patches), C, size(kernel)]);
    const [patch, offset] = [indexOf(n, patches), indexOf(k, kernel)];
    const at = axes.map((_, a) => patch[a] * stride[a] + offset[a] - padding[a][0]);
    const inside = at.every((position, a) => position >= 0 && position < axes[a]);
    if (inside)
      work(
        i,
        at.reduce((sum, position, a) => sum * axes[a] + position, b * C + c),
      );
  }
}

export const unfold = op<Window>({
  evaluate({ inputs, attrs }, [x]) {
    const { shape } = inputs[0];
    const y = new Float64Array(sizeOf(shape, attrs));
    eachElement(shape, attrs, y.length, (i, at) => {
      y[i] = x[at];
    });
    return [y];
  },
  integers: 2047,
  batched: [0],
  cases: [
    ...casesOf<Window>(images, ([B, H, W, patch]) => ({ shapes: [[B, 3, H, W]], attrs: covering([H, W], patch) })),
    ...casesOf<Window, (typeof windows)[number][1][number]>(windows, ([x, kernel, stride, p]) => ({
      shapes: [x],
      attrs: { kernel, stride, padding: kernel.map(() => [p, p] as const) },
    })),
  ],
});

export const unfoldGrad = definition<Window & { shape: readonly number[] }>({
  evaluate({ attrs }, [dy]) {
    const dx = new Float64Array(size(attrs.shape));
    eachElement(attrs.shape, attrs, dy.length, (i, at) => {
      dx[at] += dy[i];
    });
    return [dx];
  },
});

export const mutants: Mutants = {
  cases: "C2/unfold/*",
  files: {
    "gpu/ops/unfold.wgsl": [
      [
        "a patch is transposed",
        `  let row = n / OW % OH * SH + i / KW % KH - PH;
  let column = n % OW * SW + i % KW - PW;`,
        `  let row = n / OW % OH * SH + i % KH - PH;
  let column = n % OW * SW + i / KH % KW - PW;`,
      ],
      ["zeros before the first row are left out", "i / KW % KH - PH;", "i / KW % KH;"],
    ],
    "assembly/nn/unfold.ts": [
      ["blue for red", "<usize>(c * T + t) *", "<usize>((C - 1 - c) * T + t) *"],
      ["the part of a row before the border is kept", "const left = max(0, -x0);", "const left = 0;"],
    ],
  },
};
