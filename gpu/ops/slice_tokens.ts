/** Some tokens of each sequence; one token without an axis of its own if no count is given. */

import { expect } from "../graph/op.js";
import { op, perElement, sequence } from "./home.js";
import text from "./slice_tokens.wgsl";

const file = { name: "slice_tokens", text };

export const sliceTokens = op<{ first: number; count?: number }>({
  inputs: ["x"], // [B,L,C]
  outputs: ["y"], // [B,count,C] or [B,C]
  shape([x], { first, count }) {
    const { B, L, C } = sequence(x);
    expect(first >= 0 && first + (count ?? 1) <= L, `x must hold ${first + (count ?? 1)} tokens`);
    return [count === undefined ? [B, C] : [B, count, C]];
  },
  selectsRows: true,
  grad: ({ inputs: [x], attrs: { first }, record }, dy) =>
    record("sliceTokensGrad", [dy], { first, tokens: x.shape[1] }),
  kernels: [file],
  webgpu({ inputs: [x], outputs: [y], attrs: { first, count = 1 } }) {
    const [, L, C] = x.shape;
    return { file, constants: { L, FIRST: first, COUNT: count, C }, grid: perElement(y) };
  },
  wasm({ inputs: [x], outputs: [y], attrs: { first, count = 1 } }) {
    const [B, L, C] = x.shape;
    return { kernel: "sliceTokens", args: [x, y, B, L, first, count, C] };
  },
});
