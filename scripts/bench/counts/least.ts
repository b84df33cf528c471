/**
 * The least that a kernel must move to and from storage with the tiles that it has: what a tile needs of each input once, and its outputs
 * once. A tile is what a workgroup keeps in its memory, or, of inputs that go straight to registers, what an invocation keeps there.
 */

import { fanIn, size } from "../../../gpu/graph/op.js";
import type { Call } from "../../../gpu/graph/tape.js";
import type { Kernel, SubgroupMatrix } from "../../../gpu/kernels/index.js";

interface Parts {
  readonly call: Call;
  readonly constants: Kernel["constants"];
  readonly matrix?: SubgroupMatrix;
  /** Invocations of a subgroup. */
  readonly subgroup: number;
}

/** Numbers that a matrix product moves whose tiles have `rows` x `columns` outputs. */
function product({ call, constants }: Parts, rows: number, columns: number): number {
  const [x, weight] = call.inputs;
  const [N, K] = [weight.shape[0], fanIn(weight.shape)];
  const M = size(x.shape) / K;
  const [down, across] = [Math.ceil(M / rows), Math.ceil(N / columns)];
  const residual = constants.EPILOGUE === 2 ? M * N : 0;
  return M * K * across + N * K * down + N * down + residual + M * N;
}

/** Numbers that attention moves: every query and output once, every key and value once for each `queries` queries. */
function attention({ call, constants }: Parts, queries: number): number {
  const [B, L, C] = call.output.shape;
  return 2 * B * L * C + 2 * B * C * L * Math.ceil(constants.L / queries);
}

/** So many numbers for each output, and the output. */
const each =
  (inputs: number) =>
  ({ call }: Parts) =>
    (inputs + 1) * size(call.output.shape);

/** Numbers for each kernel. */
const least: { readonly [K in Kernel["file"]]: (parts: Parts) => number } = {
  "add.wgsl": each(2),
  "attention.wgsl": (parts) => attention(parts, 4),
  "attention_any.wgsl": (parts) => attention(parts, 1),
  "featmap.wgsl": each(1),
  "gelu.wgsl": each(1),
  "layer_norm.wgsl": each(3),
  "linear.wgsl": (parts) => product(parts, 4 * parts.constants.SIDE, 4 * parts.constants.SIDE),
  "linear_any.wgsl": (parts) => product(parts, 4, 4),
  "linear_direct.wgsl": (parts) => product(parts, 8, 8),
  "linear_subgroup.wgsl": (parts) => product(parts, 8, 4 * parts.subgroup),
  "linear_subgroup_matrix.wgsl": (parts) => {
    const { rows, columns } = parts.matrix as SubgroupMatrix;
    return product(parts, 4 * rows, 4 * columns);
  },
  "mask_tokens.wgsl": each(3),
  "masked_mse.wgsl": ({ call: { inputs } }) => inputs.reduce((sum, { shape }) => sum + size(shape), 2),
  "mean_tokens.wgsl": ({ call: { inputs, output } }) => {
    const [, L] = inputs[0].shape;
    return L * size(output.shape);
  },
  "patches.wgsl": each(1),
  "resize_pos.wgsl": each(16),
  "slice_tokens.wgsl": each(1),
  "tokens.wgsl": each(2),
};

/** The least number of bytes, all numbers being stored as f32. */
export function leastBytes(file: Kernel["file"], parts: Parts): number {
  return 4 * least[file](parts);
}
