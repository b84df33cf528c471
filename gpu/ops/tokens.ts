/** y = concat(cls, x) + pos: the class token before the patches, and a position for each. */

import { expect, sameShape } from "../graph/op.js";
import { op, perElement, sequence } from "./home.js";
import text from "./tokens.wgsl";

const file = { name: "tokens", text };

export const tokens = op({
  inputs: ["x", "cls", "pos"], // [B,N,C], [1,1,C], [1,1+N,C]
  outputs: ["y"], // [B,1+N,C]
  shape([x, cls, pos]) {
    const { B, L, C } = sequence(x);
    expect(sameShape(cls, [1, 1, C]), `cls must be [1, 1, ${C}]`);
    expect(sameShape(pos, [1, 1 + L, C]), `pos must be [1, ${1 + L}, ${C}]`);
    return [[B, 1 + L, C]];
  },
  grad: ({ record }, dy) => record("tokensGrad", [dy]),
  kernels: [file],
  webgpu({ outputs: [y] }) {
    const [, L, C] = y.shape;
    return { file, constants: { L, C }, grid: perElement(y) };
  },
  wasm: ({ inputs: [x, cls, pos], outputs: [y] }) => ({ kernel: "tokens", args: [x, cls, pos, y, ...y.shape] }),
});
