/** A position embedding for another grid: the class position kept, the rest resized as torch's bicubic, plain or antialiased. */

import { expect } from "../graph/op.js";
import { op, perElement, sequence } from "./home.js";
import text from "./resize_pos.wgsl";

const file = { name: "resize_pos", text };

type Grid = readonly [rows: number, columns: number];

export const resizePos = op<{ from: Grid; to: Grid; antialias: boolean }>({
  inputs: ["pos"], // [1,1+h*w,C]
  outputs: ["y"], // [1,1+h'*w',C]
  shape([pos], { from, to }) {
    const { B, L, C } = sequence(pos);
    expect(B === 1 && L === 1 + from[0] * from[1], `pos must be [1, 1 + ${from[0]} x ${from[1]}, C]`);
    return [[1, 1 + to[0] * to[1], C]];
  },
  kernels: [file],
  webgpu({ outputs: [y], attrs: { from, to, antialias } }) {
    const [[FROM_H, FROM_W], [TO_H, TO_W]] = [from, to];
    return {
      file,
      constants: { FROM_H, FROM_W, TO_H, TO_W, C: y.shape[2], ANTIALIAS: Number(antialias) },
      grid: perElement(y),
    };
  },
  wasm: ({ inputs: [pos], outputs: [y], attrs: { from, to, antialias } }) => ({
    kernel: "resizePos",
    args: [pos, y, ...from, ...to, pos.shape[2], Number(antialias)],
  }),
});
