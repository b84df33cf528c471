/** y = x (1 - m) + token m: masked tokens are replaced. */

import { expect, sameShape } from "../graph/op.js";
import { op, perElement, sequence } from "./home.js";
import text from "./mask_tokens.wgsl";

const file = { name: "mask_tokens", text };

export const maskTokens = op({
  inputs: ["x", "mask", "token"], // [B,N,C], [B,N] of 0 and 1, [1,1,C]
  outputs: ["y"], // [B,N,C]
  shape([x, mask, token]) {
    const { B, L, C } = sequence(x);
    expect(sameShape(mask, [B, L]), `mask must be [${B}, ${L}]`);
    expect(sameShape(token, [1, 1, C]), `token must be [1, 1, ${C}]`);
    return [x];
  },
  grad({ inputs: [, mask], record }, dy) {
    const [dx, dtoken] = record("maskTokensGrad", [dy, mask]);
    return [dx, undefined, dtoken];
  },
  kernels: [file],
  webgpu: ({ outputs: [y] }) => ({ file, constants: { C: y.shape[2] }, grid: perElement(y) }),
  wasm({ inputs: [x, mask, token], outputs: [y] }) {
    const [B, N, C] = x.shape;
    return { kernel: "maskTokens", args: [x, mask, token, y, B * N, C] };
  },
});
