/** From an op call to the steps of the WASM device: one entry for each op, and how large work is cut into slices. */

import type { OpName } from "../../gpu/graph/ops.js";
import { fanIn, size } from "../../gpu/graph/ops.js";
import type { AnyCall, Call, Value } from "../../gpu/graph/tape.js";
import type { CoreExports } from "./core.js";

/** Arguments of one kernel (assembly/nn/program.ts). */
export interface Step {
  readonly call: AnyCall;
  readonly words: readonly number[];
  /** Working memory that each thread needs. */
  readonly scratchBytes?: number;
}

type Slice = Omit<Step, "call">;
type Address = (value: Value) => number;
type Lower<K extends OpName> = (call: Call<K>, at: Address, core: CoreExports) => Slice[];

/** A step of a matrix product or an attention does at most about this many multiply-adds: 10 ms at 15 GFLOP/s. */
const SLICE_MACS = 75e6;

/** Rows that a step of a matrix product takes: with a block of 384 columns they stay in the second-level cache. */
const SLICE_ROWS = 198;

/** Cuts `count` items into runs of at most `most`, as even as can be. */
function runs(count: number, most: number): { from: number; to: number }[] {
  const n = Math.ceil(count / most);
  return Array.from({ length: n }, (_, i) => ({
    from: Math.floor((count * i) / n),
    to: Math.floor((count * (i + 1)) / n),
  }));
}

type LinearCall = Call<"linear"> | Call<"linearGelu"> | Call<"linearAdd">;

function linear(call: LinearCall, at: Address, core: CoreExports, epilogue: number): Slice[] {
  const [x, weight, bias, residual] = call.inputs;
  const [n, k] = [weight.shape[0], fanIn(weight.shape)];
  const panels = Math.ceil(n / core.NR.value);
  return runs(size(x.shape) / k, SLICE_ROWS).flatMap((rows) => {
    const count = rows.to - rows.from;
    const most = Math.max(1, Math.floor(SLICE_MACS / (count * k * core.NR.value)));
    const into = (value: Value, width: number) => at(value) + rows.from * width * 4;
    return runs(panels, most).map((p) => ({
      words: [
        ...[core.MATMUL.value, into(x, k), count, k, at(weight), p.from, p.to, at(bias)],
        ...[residual ? into(residual, n) : 0, into(call.output, n), n, epilogue],
      ],
      scratchBytes: core.matmulScratch(count, k),
    }));
  });
}

const attention: Lower<"attention"> = (call, at, core) => {
  const [B, L, C] = call.output.shape;
  const { heads } = call.attrs;
  const D = C / heads;
  const units = B * heads * Math.ceil(L / core.QUERY_BLOCK.value);
  const most = Math.max(1, Math.floor(SLICE_MACS / (2 * core.QUERY_BLOCK.value * L * D)));
  return runs(units, most).map(({ from, to }) => ({
    words: [core.ATTENTION.value, at(call.inputs[0]), at(call.output), L, heads, D, from, to],
    scratchBytes: core.attentionScratch(L, D),
  }));
};

/** The bits of an f32, as a step carries it. */
const bits = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0];

/** An op that is one step: the kernel's kind, then its arguments. */
const step = (...words: number[]): Slice[] => [{ words }];

const table: { readonly [K in OpName]: Lower<K> } = {
  linear: (call, at, core) => linear(call, at, core, core.NONE.value),
  linearGelu: (call, at, core) => linear(call, at, core, core.GELU.value),
  linearAdd: (call, at, core) => linear(call, at, core, core.ADD.value),
  attention,
  gelu: ({ inputs: [x], output }, at, core) => step(core.GELU_STEP.value, at(x), at(output), size(x.shape)),
  add: ({ inputs: [a, b], output }, at, core) => step(core.ADD_STEP.value, at(a), at(b), at(output), size(a.shape)),
  layerNorm({ inputs: [x, weight, bias], output, attrs }, at, core) {
    const c = weight.shape[0];
    const rows = size(x.shape) / c;
    return step(core.LAYER_NORM.value, at(x), rows, c, at(weight), at(bias), at(output), bits(attrs.eps));
  },
  patches({ inputs: [x], output, attrs }, at, core) {
    const [B, , H, W] = x.shape;
    return step(core.PATCHES.value, at(x), B, H, W, attrs.patch, at(output));
  },
  maskTokens({ inputs: [x, mask, token], output }, at, core) {
    const [B, N, C] = x.shape;
    return step(core.MASK_TOKENS.value, at(x), at(mask), at(token), at(output), B * N, C);
  },
  tokens({ inputs: [x, cls, pos], output }, at, core) {
    return step(core.TOKENS.value, at(x), at(cls), at(pos), at(output), ...x.shape);
  },
  resizePos({ inputs: [pos], output, attrs: { from, to } }, at, core) {
    return step(core.RESIZE_POS.value, at(pos), ...from, at(output), ...to, pos.shape[2]);
  },
  patchTokens({ inputs: [x], output }, at, core) {
    const [B, L, C] = x.shape;
    return step(core.COPY_BLOCKS.value, at(x) + C * 4, at(output), B, (L - 1) * C * 4, L * C * 4);
  },
  classToken({ inputs: [x], output }, at, core) {
    const [B, L, C] = x.shape;
    return step(core.COPY_BLOCKS.value, at(x), at(output), B, C * 4, L * C * 4);
  },
  meanTokens({ inputs: [x], output }, at, core) {
    const [B, L, C] = x.shape;
    return step(core.MEAN_TOKENS.value, at(x), at(output), B, L - 1, C);
  },
  featmap({ inputs: [x], output }, at, core) {
    const [B, L, C] = x.shape;
    return step(core.FEATMAP.value, at(x), at(output), B, L - 1, C);
  },
  maskedMse({ inputs: [pred, target, mask], output }, at, core) {
    const [B, N, F] = pred.shape;
    return step(core.MASKED_MSE.value, at(pred), at(target), at(mask), at(output), B * N, F);
  },
};

/** The steps of `call`; `at` gives the address of each of its values. */
export function lower(call: AnyCall, at: Address, core: CoreExports): Step[] {
  const entry = table[call.op] as Lower<OpName>;
  return entry(call, at, core).map((slice) => ({ call, ...slice }));
}
