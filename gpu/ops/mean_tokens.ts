/** The mean of all tokens but the first. */

import { op, perElement, sequence } from "./home.js";
import text from "./mean_tokens.wgsl";

const file = { name: "mean_tokens", text };

export const meanTokens = op({
  inputs: ["x"], // [B,1+N,C]
  outputs: ["y"], // [B,C]
  shape([x]) {
    const { B, C } = sequence(x);
    return [[B, C]];
  },
  grad: ({ inputs: [x], record }, dy) => record("meanTokensGrad", [dy], { tokens: x.shape[1] }),
  kernels: [file],
  webgpu({ inputs: [x], outputs: [y] }) {
    const [, L, C] = x.shape;
    return { file, constants: { L, C }, grid: perElement(y) };
  },
  wasm: ({ inputs: [x], outputs: [y] }) => ({
    kernel: "meanTokens",
    args: [x, y, ...x.shape],
    ownBytes: 8 * y.shape[1],
  }),
});
