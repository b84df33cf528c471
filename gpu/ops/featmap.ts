/** All tokens but the first as a map: channels before positions. */

import { expect } from "../graph/op.js";
import text from "./featmap.wgsl";
import { op, perElement, sequence } from "./home.js";

const file = { name: "featmap", text };

export const featmap = op<{ grid: readonly [rows: number, columns: number] }>({
  inputs: ["x"], // [B,1+h*w,C]
  outputs: ["y"], // [B,C,h,w]
  shape([x], { grid }) {
    const { B, L, C } = sequence(x);
    expect(L === 1 + grid[0] * grid[1], `x must hold 1 + ${grid[0]} x ${grid[1]} tokens`);
    return [[B, C, ...grid]];
  },
  kernels: [file],
  webgpu({ inputs: [x], outputs: [y] }) {
    const [, L, C] = x.shape;
    return { file, constants: { L, C }, grid: perElement(y) };
  },
  wasm: ({ inputs: [x], outputs: [y] }) => ({ kernel: "featmap", args: [x, y, ...x.shape] }),
});
