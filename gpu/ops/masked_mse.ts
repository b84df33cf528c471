/** The sum over masked tokens of the mean over F of (pred - target)^2, and the number of masked tokens; both in f32. */

import { expect, sameShape } from "../graph/op.js";
import { op, sequence } from "./home.js";
import text from "./masked_mse.wgsl";

const file = { name: "masked_mse", text };

export const maskedMse = op({
  inputs: ["pred", "target", "mask"], // [B,N,F], [B,N,F], [B,N] of 0 and 1
  outputs: ["y"], // [2]
  shape([pred, target, mask]) {
    const { B, L } = sequence(pred);
    expect(sameShape(pred, target), `target must be [${pred}]`);
    expect(sameShape(mask, [B, L]), `mask must be [${B}, ${L}]`);
    return [[2]];
  },
  grad: ({ inputs, record }, dy) => record("maskedMseGrad", [dy, ...inputs]),
  wide: true,
  kernels: [file],
  webgpu({ inputs: [pred] }) {
    const [B, N, F] = pred.shape;
    return { file, constants: { M: B * N, F }, grid: [1, 1] };
  },
  wasm({ inputs: [pred, target, mask], outputs: [y] }) {
    const [B, N, F] = pred.shape;
    return { kernel: "maskedMse", args: [pred, target, mask, y, B * N, F] };
  },
});
