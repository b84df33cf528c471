/** y = a x. */

import { expect, size } from "../graph/op.js";
import { op, perElement } from "./home.js";
import text from "./scale.wgsl";

const file = { name: "scale", text };

export const scale = op({
  inputs: ["x", "a"], // any shape, [1]
  outputs: ["y"],
  shape([x, a]) {
    expect(a.length === 1 && a[0] === 1, "a must be [1]");
    return [x];
  },
  rowwise: true,
  grad: ({ inputs: [x, a], record }, dy) => record("scaleGrad", [dy, x, a]),
  kernels: [file],
  webgpu: ({ outputs: [y] }) => ({ file, constants: {}, grid: perElement(y) }),
  wasm: ({ inputs: [x, a], outputs: [y] }) => ({ kernel: "scale", args: [x, a, y, size(x.shape)] }),
});
