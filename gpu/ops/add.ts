/** y = a + b. */

import { expect, sameShape, size } from "../graph/op.js";
import text from "./add.wgsl";
import { op, perElement } from "./home.js";

const file = { name: "add", text };

export const add = op({
  inputs: ["a", "b"], // one shape
  outputs: ["y"],
  shape([a, b]) {
    expect(sameShape(a, b), "both must have one shape");
    return [a];
  },
  epilogue: "residual",
  grad: (_, dy) => [dy, dy],
  kernels: [file],
  webgpu: ({ outputs: [y] }) => ({ file, constants: {}, grid: perElement(y) }),
  wasm: ({ inputs: [a, b], outputs: [y] }) => ({ kernel: "add", args: [a, b, y, size(a.shape)] }),
});
