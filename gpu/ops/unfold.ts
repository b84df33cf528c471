/** Patches of images or clips as rows, ready to be multiplied by a convolution's weight; what lies beyond the border is zero. */

import { expect, size } from "../graph/op.js";
import { op, perElement } from "./home.js";
import text from "./unfold.wgsl";

const file = { name: "unfold", text };

/** An entry for each axis: two of images, three of clips. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  /** Zeros before and behind an axis. */
  readonly padding: readonly (readonly [before: number, behind: number])[];
}

/** Patches along each axis. */
const patchesOf = (axes: readonly number[], { kernel, stride, padding }: Window): number[] =>
  axes.map((n, i) => Math.floor((n + padding[i][0] + padding[i][1] - kernel[i]) / stride[i]) + 1);

/** Axes, kernel, strides, zeros before and patches, each for time, height and width: an image is a clip of one frame. */
function dimsOf([, , ...axes]: readonly number[], window: Window): readonly number[][] {
  const { kernel, stride, padding } = window;
  const three = (values: readonly number[], missing: number) =>
    values.length === 3 ? [...values] : [missing, ...values];
  const before = padding.map(([zeros]) => zeros);
  const patches = patchesOf(axes, window);
  return [three(axes, 1), three(kernel, 1), three(stride, 1), three(before, 0), three(patches, 1)];
}

export const unfold = op<Window>({
  inputs: ["x"], // [B,C,H,W] or [B,C,T,H,W]
  outputs: ["y"], // [B,patches,C*kernel]
  shape([x], window) {
    const [B, C, ...axes] = x;
    const [images, clips] = [axes.length === 2, axes.length === 3];
    expect((images || clips) && size(x) > 0, "x must be [B, C, H, W] or [B, C, T, H, W]");
    const { kernel, stride, padding } = window;
    const fits = [kernel, stride, padding].every((each) => each.length === axes.length);
    expect(fits, `kernel, stride and padding must have ${axes.length} entries`);
    const patches = patchesOf(axes, window);
    expect(Math.min(...patches) > 0, `a kernel of ${kernel.join(" x ")} is larger than x`);
    return [[B, size(patches), C * size(kernel)]];
  },
  grad: ({ inputs: [x], attrs, record }, dy) => record("unfoldGrad", [dy], { ...attrs, shape: x.shape }),
  kernels: [file],
  webgpu({ inputs: [x], outputs: [y], attrs }) {
    const axis = (prefix: string, [t, h, w]: readonly number[]) =>
      Object.entries({ T: t, H: h, W: w }).map(([name, n]) => [prefix + name, n] as const);
    const [axes, kernel, stride, before, patches] = dimsOf(x.shape, attrs);
    const named = [axis("", axes), axis("K", kernel), axis("S", stride), axis("P", before), axis("O", patches)].flat();
    return { file, constants: { C: x.shape[1], ...Object.fromEntries(named) }, grid: perElement(y) };
  },
  wasm({ inputs: [x], outputs: [y], attrs }) {
    const [B, C] = x.shape;
    return { kernel: "unfold", args: [x, y, B, C, ...dimsOf(x.shape, attrs).flat()] };
  },
});
