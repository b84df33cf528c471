/** y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension (Ba et al., 2016). */

import { expect, sameShape, size } from "../graph/op.js";
import { f32, folded, op } from "./home.js";
import text from "./layer_norm.wgsl";

const file = { name: "layer_norm", text };

/** Elements of a row that the kernel keeps in workgroup memory: 8 KiB of them. */
const MAX_KEPT = 2048;

export const layerNorm = op<{ eps: number }>({
  inputs: ["x", "weight", "bias"], // [...,C], [C], [C]
  outputs: ["y"], // [...,C]
  shape([x, weight, bias]) {
    const c = [x.at(-1) as number];
    expect(sameShape(weight, c) && sameShape(bias, c), `weight and bias must be [${c}]`);
    return [x];
  },
  macs: ([x]) => 5 * size(x),
  rowwise: true,
  grad: ({ inputs: [x, weight], attrs, record }, dy) => record("layerNormGrad", [dy, x, weight], attrs),
  kernels: [file],
  webgpu({ inputs: [x, weight], attrs }) {
    const C = weight.shape[0];
    return { file, constants: { C, EPS: attrs.eps, KEPT: Math.min(C, MAX_KEPT) }, grid: folded(size(x.shape) / C) };
  },
  wasm({ inputs: [x, weight, bias], outputs: [y], attrs }) {
    const C = weight.shape[0];
    return { kernel: "layerNorm", args: [x, weight, bias, y, size(x.shape) / C, C, f32(attrs.eps)] };
  },
});
