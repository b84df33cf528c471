/**
 * Multi-head attention, softmax(q k^T / sqrt(D)) v of each head (Vaswani et al., 2017). q, k and v may be parts of wider rows: a vision
 * transformer binds its packed [q|k|v] three times.
 */

import { expect } from "../graph/op.js";
import text from "./attention.wgsl";
import anyText from "./attention_any.wgsl";
import { type Applied, folded, op, sequence } from "./home.js";
import { chunkOf, perStep, runs } from "./slices.js";

const file = { name: "attention", text };
const anyFile = { name: "attention_any", text: anyText };

/** The widest heads that attention.wgsl takes. */
const MAX_WIDTH = 128;

export interface Heads {
  readonly heads: number;
  /** Width of a head. */
  readonly width: number;
  /** Element of its row at which the first head of q, k and v begins. */
  readonly offsets: readonly [q: number, k: number, v: number];
}

/** Rows and strides of a call. */
function dimsOf({ inputs: [q, k, v] }: Pick<Applied<Heads>, "inputs">) {
  const [B, LQ, WQ] = q.shape;
  return { B, LQ, LK: k.shape[1], WQ, WK: k.shape[2], WV: v.shape[2] };
}

export const attention = op<Heads>({
  inputs: ["q", "k", "v"], // [B,LQ,WQ], [B,LK,WK], [B,LK,WV], rows of heads x D from their offsets on
  outputs: ["y"], // [B,LQ,heads*D]
  shape(inputs, { heads, width, offsets }) {
    const [q, k, v] = inputs.map(sequence);
    expect(q.B === k.B && k.B === v.B && k.L === v.L, "q, k and v must have one batch, k and v one length");
    const ends = [q, k, v].every(({ C }, i) => offsets[i] >= 0 && offsets[i] + heads * width <= C);
    expect(ends, `rows must hold ${heads} heads of ${width} from their offsets on`);
    return [[q.B, q.L, heads * width]];
  },
  macs: ([, k], [[B, L, C]]) => 2 * B * L * k[1] * C,
  grad({ inputs, attrs, record }, dy) {
    const [q, k, v] = inputs;
    // rows that hold queries, keys and values have one gradient
    return q === k && k === v ? record("attentionGrad", [dy, q], attrs) : record("attentionGrad", [dy, q, k, v], attrs);
  },
  kernels: [file, anyFile],
  webgpu(call) {
    const { heads: HEADS, width: D, offsets } = call.attrs;
    const [Q, K, V] = offsets;
    const { B, ...dims } = dimsOf(call);
    const constants = { ...dims, HEADS, D, Q, K, V };
    const inVectors = [D, dims.WQ, dims.WK, dims.WV, ...offsets].every((n) => n % 4 === 0);
    if (inVectors && D <= MAX_WIDTH) {
      return { file, constants, grid: folded(B * HEADS * Math.ceil(dims.LQ / 16)) };
    }
    const units = B * dims.LQ * HEADS * Math.ceil(D / 64);
    return { file: anyFile, constants, grid: folded(Math.ceil(units / 64)) };
  },
  wasm(call, { core, threads }) {
    const { inputs, outputs, attrs } = call;
    const { B, LQ, LK, WQ, WK, WV } = dimsOf(call);
    const { heads, width } = attrs;
    const block = core.QUERY_BLOCK.value;
    const blocks = Math.ceil(LQ / block);
    const [q, k, v] = inputs.map((value, i) => ({ value, element: attrs.offsets[i] }));
    return runs(B * heads * blocks, perStep(2 * block * LK * width, threads)).map(({ from, to }) => ({
      kernel: "attention",
      args: [q, k, v, ...outputs, LQ, LK, WQ, WK, WV, heads, width, from, to, chunkOf(to - from, threads, blocks)],
      ownBytes: core.attentionScratch(LK, width),
    }));
  },
});

/** The attributes of attention within one value whose rows are [q|k|v]. */
export const packedHeads = (heads: number, embedDims: number): Heads => ({
  heads,
  width: embedDims / heads,
  offsets: [0, embedDims, 2 * embedDims],
});
