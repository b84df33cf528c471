/** y = x Phi(x), the exact (erf) form. */

import { size } from "../graph/op.js";
import text from "./gelu.wgsl";
import { op, perElement } from "./home.js";

const file = { name: "gelu", text };

export const gelu = op({
  inputs: ["x"],
  outputs: ["y"],
  shape: ([x]) => [x],
  epilogue: "gelu",
  grad: ({ inputs: [x], record }, dy) => record("geluGrad", [dy, x]),
  kernels: [file],
  webgpu: ({ outputs: [y] }) => ({ file, constants: {}, grid: perElement(y) }),
  wasm: ({ inputs: [x], outputs: [y] }) => ({ kernel: "gelu", args: [x, y, size(x.shape)] }),
});
