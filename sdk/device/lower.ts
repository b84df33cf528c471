/** From an op call to the steps of the WASM device: one entry for each op, and how large work is cut into slices. */

import type { OpName } from "../../gpu/graph/ops.js";
import { fanIn, size } from "../../gpu/graph/ops.js";
import type { AnyCall, Call, Value } from "../../gpu/graph/tape.js";
import type { KernelExports } from "./builds.js";
import type { Layout } from "./layout.js";

/** Arguments of one kernel (assembly/nn/program.ts). */
export interface Step {
  readonly call: AnyCall;
  readonly words: readonly number[];
  /** Working memory that all threads share. */
  readonly sharedBytes?: number;
  /** Working memory that each thread needs for itself. */
  readonly ownBytes?: number;
}

type Slice = Omit<Step, "call">;

/** What steps depend on beside their call. */
export interface Target {
  readonly core: KernelExports;
  readonly threads: number;
  /** Of the weights of matrix products. */
  readonly layout: Layout;
  /** Address of a value. */
  readonly at: (value: Value) => number;
}

type Lower<K extends OpName> = (call: Call<K>, target: Target) => Slice[];

/** A step of a matrix product or an attention costs each thread at most about this many multiply-adds: 10 ms at 15 GFLOP/s. */
const SLICE_MACS = 75e6;

/** Rows that a step of a matrix product takes: with a block of 768 columns they take 600 KB of the second-level cache. */
const SLICE_ROWS = 200;

/** Panels that a thread takes at a time: they share the reads of the input from the second-level cache. */
const CHUNK_PANELS = 6;

/** Cuts `count` items into as few runs of at most `most` as can be, all of one length. */
function evenRuns(count: number, most: number): { from: number; to: number }[] {
  return runs(count, Math.ceil(count / Math.ceil(count / most)));
}

/** Cuts `count` items into runs of `length`, the last one shorter. */
function runs(count: number, length: number): { from: number; to: number }[] {
  return Array.from({ length: Math.ceil(count / length) }, (_, i) => ({
    from: i * length,
    to: Math.min(count, (i + 1) * length),
  }));
}

/** The number of items of `cost` multiply-adds that `threads` threads do in one step. */
function perStep(cost: number, threads: number): number {
  return Math.max(1, Math.floor((SLICE_MACS * threads) / cost));
}

/** Items that a thread takes at a time: few enough for all threads to end together, at most `most`. */
function chunkOf(count: number, threads: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(count / (6 * threads))));
}

type LinearCall = Call<"linear"> | Call<"linearGelu"> | Call<"linearAdd">;

function linear(call: LinearCall, { at, core, layout, threads }: Target, epilogue: number): Slice[] {
  const [x, weight, bias, residual] = call.inputs;
  const [n, k] = [weight.shape[0], fanIn(weight.shape)];
  const columns = layout.columns(core);
  return evenRuns(size(x.shape) / k, SLICE_ROWS).flatMap(({ from, to }) => {
    const rows = to - from;
    const row = (value: Value, width: number) => at(value) + from * width * 4;
    const { kind, sharedBytes } = layout.packInput(core, rows, k);
    const { words, ownBytes } = layout.product(core, rows, k, at(weight));
    const products = runs(Math.ceil(n / columns), perStep(rows * k * columns, threads)).map((panels) => ({
      words: [
        ...[...words, panels.from, panels.to, at(bias)],
        ...[residual ? row(residual, n) : 0, row(call.output, n), n, epilogue],
        chunkOf(panels.to - panels.from, threads, CHUNK_PANELS),
      ],
      ownBytes,
    }));
    return [{ words: [kind, row(x, k), rows, k], sharedBytes }, ...products];
  });
}

const attention: Lower<"attention"> = (call, { at, core, threads }) => {
  const [B, L, C] = call.output.shape;
  const { heads } = call.attrs;
  const D = C / heads;
  const blocks = Math.ceil(L / core.QUERY_BLOCK.value);
  return runs(B * heads * blocks, perStep(2 * core.QUERY_BLOCK.value * L * D, threads)).map(({ from, to }) => ({
    words: [
      ...[core.ATTENTION.value, at(call.inputs[0]), at(call.output), L, heads, D, from, to],
      chunkOf(to - from, threads, blocks),
    ],
    ownBytes: core.attentionScratch(L, D),
  }));
};

/** The bits of an f32, as a step carries it. */
const bits = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0];

/** An op that is one step: the kernel's kind, then its arguments. */
const step = (...words: number[]): Slice[] => [{ words }];

const table: { readonly [K in OpName]: Lower<K> } = {
  linear: (call, target) => linear(call, target, target.core.NONE.value),
  linearGelu: (call, target) => linear(call, target, target.core.GELU.value),
  linearAdd: (call, target) => linear(call, target, target.core.ADD.value),
  attention,
  gelu: ({ inputs: [x], output }, { at, core }) => step(core.GELU_STEP.value, at(x), at(output), size(x.shape)),
  add: ({ inputs: [a, b], output }, { at, core }) => step(core.ADD_STEP.value, at(a), at(b), at(output), size(a.shape)),
  layerNorm({ inputs: [x, weight, bias], output, attrs }, { at, core }) {
    const c = weight.shape[0];
    const rows = size(x.shape) / c;
    return step(core.LAYER_NORM.value, at(x), rows, c, at(weight), at(bias), at(output), bits(attrs.eps));
  },
  patches({ inputs: [x], output, attrs }, { at, core }) {
    const [B, , H, W] = x.shape;
    return step(core.PATCHES.value, at(x), B, H, W, attrs.patch, at(output));
  },
  maskTokens({ inputs: [x, mask, token], output }, { at, core }) {
    const [B, N, C] = x.shape;
    return step(core.MASK_TOKENS.value, at(x), at(mask), at(token), at(output), B * N, C);
  },
  tokens({ inputs: [x, cls, pos], output }, { at, core }) {
    return step(core.TOKENS.value, at(x), at(cls), at(pos), at(output), ...x.shape);
  },
  resizePos({ inputs: [pos], output, attrs: { from, to } }, { at, core }) {
    return step(core.RESIZE_POS.value, at(pos), ...from, at(output), ...to, pos.shape[2]);
  },
  patchTokens({ inputs: [x], output }, { at, core }) {
    const [B, L, C] = x.shape;
    return step(core.COPY_BLOCKS.value, at(x) + C * 4, at(output), B, (L - 1) * C * 4, L * C * 4);
  },
  classToken({ inputs: [x], output }, { at, core }) {
    const [B, L, C] = x.shape;
    return step(core.COPY_BLOCKS.value, at(x), at(output), B, C * 4, L * C * 4);
  },
  meanTokens({ inputs: [x], output }, { at, core }) {
    const [B, L, C] = x.shape;
    return step(core.MEAN_TOKENS.value, at(x), at(output), B, L - 1, C);
  },
  featmap({ inputs: [x], output }, { at, core }) {
    const [B, L, C] = x.shape;
    return step(core.FEATMAP.value, at(x), at(output), B, L - 1, C);
  },
  maskedMse({ inputs: [pred, target, mask], output }, { at, core }) {
    const [B, N, F] = pred.shape;
    return step(core.MASKED_MSE.value, at(pred), at(target), at(mask), at(output), B * N, F);
  },
};

/** The steps of `call`. */
export function lower(call: AnyCall, target: Target): Step[] {
  const entry = table[call.op] as Lower<OpName>;
  return entry(call, target).map((slice) => ({ call, ...slice }));
}
