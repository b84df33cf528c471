/** The op table of the WebGPU device: which WGSL file runs an op, with which constants, on which grid. */

import type { OpName } from "../graph/ops.js";
import { fanIn, size } from "../graph/ops.js";
import type { AnyCall, Call, Value } from "../graph/tape.js";
import add from "./add.wgsl";
import attention from "./attention.wgsl";
import attentionAny from "./attention_any.wgsl";
import featmap from "./featmap.wgsl";
import gelu from "./gelu.wgsl";
import layerNorm from "./layer_norm.wgsl";
import blockLib from "./lib/block.wgsl";
import epilogueLib from "./lib/epilogue.wgsl";
import expLib from "./lib/exp.wgsl";
import flatLib from "./lib/flat.wgsl";
import geluLib from "./lib/gelu.wgsl";
import realLib from "./lib/real.wgsl";
import linear from "./linear.wgsl";
import linearAny from "./linear_any.wgsl";
import linearDirect from "./linear_direct.wgsl";
import linearSubgroup from "./linear_subgroup.wgsl";
import linearSubgroupMatrix from "./linear_subgroup_matrix.wgsl";
import maskTokens from "./mask_tokens.wgsl";
import maskedMse from "./masked_mse.wgsl";
import meanTokens from "./mean_tokens.wgsl";
import patches from "./patches.wgsl";
import resizePos from "./resize_pos.wgsl";
import sliceTokens from "./slice_tokens.wgsl";
import tokens from "./tokens.wgsl";

const files = {
  "add.wgsl": add,
  "attention.wgsl": attention,
  "attention_any.wgsl": attentionAny,
  "featmap.wgsl": featmap,
  "gelu.wgsl": gelu,
  "layer_norm.wgsl": layerNorm,
  "linear.wgsl": linear,
  "linear_any.wgsl": linearAny,
  "linear_direct.wgsl": linearDirect,
  "linear_subgroup.wgsl": linearSubgroup,
  "linear_subgroup_matrix.wgsl": linearSubgroupMatrix,
  "mask_tokens.wgsl": maskTokens,
  "masked_mse.wgsl": maskedMse,
  "mean_tokens.wgsl": meanTokens,
  "patches.wgsl": patches,
  "resize_pos.wgsl": resizePos,
  "slice_tokens.wgsl": sliceTokens,
  "tokens.wgsl": tokens,
} as const;

/** Names of all kernels. */
export const kernelFiles = Object.keys(files) as (keyof typeof files)[];

const MATRIX = "linear_subgroup_matrix.wgsl";

/** Numbers of K that pass through its workgroup memory at a time. */
export const MATRIX_SLICE = 32;

/** One dispatch. */
export interface Kernel {
  readonly file: keyof typeof files;
  /** Its `override` constants. */
  readonly constants: Readonly<Record<string, number>>;
  /** Workgroups along x and y. */
  readonly grid: readonly [number, number];
  /** What is bound, in order; default: the call's inputs, then its output. */
  readonly bindings?: readonly Value[];
}

/** Ops whose output is in f32 whatever the storage. */
export const wideOps: ReadonlySet<OpName> = new Set<OpName>(["maskedMse"]);

/**
 * How matrix products are computed whose widths are multiples of 4: through workgroup memory, straight from storage, by the shuffles of
 * subgroups, or by the matrices that subgroups multiply.
 */
export const matmuls = ["tiled", "direct", "subgroups", "subgroup-matrix"] as const;

export type Matmul = (typeof matmuls)[number];

/** What is fastest on GPUs, and on software adapters (linear_direct.wgsl has the measurement). */
export const matmulFor = (software: boolean): Matmul => (software ? "direct" : "tiled");

/** The small matrices that the subgroups of a GPU multiply: rows x depth by depth x columns. */
export interface SubgroupMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Invocations of the largest subgroups. */
  readonly subgroup: number;
}

/** How a device multiplies matrices. */
export type Multiply =
  | { readonly matmul: Exclude<Matmul, "subgroup-matrix">; readonly matrix?: undefined }
  | { readonly matmul: "subgroup-matrix"; readonly matrix: SubgroupMatrix };

type Lower<K extends OpName> = (call: Call<K>, multiply: Multiply) => Kernel;

/** The most workgroups along one side of a grid; more fold to y. */
const MAX_GROUPS = 65535;

/** Workgroups from which on a product is cut into squares of 64 rather than 32 outputs: enough to fill a large GPU. */
const MANY_GROUPS = 256;

/** Numbers of a row that layer_norm.wgsl keeps in workgroup memory: 8 KiB of them. */
const MAX_KEPT = 2048;

/** A grid of `count` workgroups. */
function folded(count: number): [number, number] {
  const x = Math.min(count, MAX_GROUPS);
  return [x, Math.ceil(count / x)];
}

/** One invocation for each element of the output. */
function elementwise(call: AnyCall, file: Kernel["file"], constants: Kernel["constants"] = {}): Kernel {
  return { file, constants, grid: folded(Math.ceil(size(call.output.shape) / 64)) };
}

type LinearCall = Call<"linear"> | Call<"linearGelu"> | Call<"linearAdd">;

/** A product y [M,N] of rows K long. */
interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** The grid of workgroups that make `rows` x `columns` outputs each. */
const blocks = ({ M, N }: Product, rows: number, columns: number) =>
  [Math.ceil(N / columns), Math.ceil(M / rows)] as const;

/** The kernel of a product, apart from what is bound. */
function multiplied(of: Product, { matmul, matrix }: Multiply): Omit<Kernel, "bindings"> {
  // 8 x 8 invocations with 4 x 4 outputs each
  if (of.N % 4 !== 0 || of.K % 4 !== 0) return { file: "linear_any.wgsl", constants: {}, grid: blocks(of, 32, 32) };
  switch (matmul) {
    case "tiled": {
      const [columns, rows] = blocks(of, 64, 64);
      const SIDE = columns * rows >= MANY_GROUPS ? 16 : 8;
      return { file: "linear.wgsl", constants: { SIDE }, grid: blocks(of, 4 * SIDE, 4 * SIDE) };
    }
    case "direct":
      return { file: "linear_direct.wgsl", constants: {}, grid: blocks(of, 64, 64) };
    case "subgroups":
      return { file: "linear_subgroup.wgsl", constants: {}, grid: blocks(of, 8, 256) };
    case "subgroup-matrix": {
      const grid = blocks(of, 4 * matrix.rows, 4 * matrix.columns);
      return { file: MATRIX, constants: { SUBGROUP: matrix.subgroup }, grid };
    }
  }
}

function product(call: LinearCall, multiply: Multiply, EPILOGUE: 0 | 1 | 2): Kernel {
  const [x, weight, bias, residual = bias] = call.inputs;
  const [N, K] = [weight.shape[0], fanIn(weight.shape)];
  const M = size(x.shape) / K;
  const { constants, ...kernel } = multiplied({ M, N, K }, multiply);
  return { ...kernel, constants: { ...constants, K, N, EPILOGUE }, bindings: [x, weight, bias, residual, call.output] };
}

const attentionKernel: Lower<"attention"> = (call) => {
  const [B, L, C] = call.output.shape;
  const HEADS = call.attrs.heads;
  const D = C / HEADS;
  const constants = { L, HEADS, D };
  if (D % 4 !== 0 || D > 64) {
    const units = B * L * HEADS * Math.ceil(D / 64);
    return { file: "attention_any.wgsl", constants, grid: folded(Math.ceil(units / 64)) };
  }
  return { file: "attention.wgsl", constants, grid: folded(B * HEADS * Math.ceil(L / 16)) };
};

/** Length and width of the sequence that a call reads. */
function sequence({ inputs: [x] }: AnyCall): { L: number; C: number } {
  return { L: x.shape[1], C: x.shape[2] };
}

const table: { readonly [K in OpName]: Lower<K> } = {
  linear: (call, multiply) => product(call, multiply, 0),
  linearGelu: (call, multiply) => product(call, multiply, 1),
  linearAdd: (call, multiply) => product(call, multiply, 2),
  attention: attentionKernel,
  gelu: (call) => elementwise(call, "gelu.wgsl"),
  add: (call) => elementwise(call, "add.wgsl"),
  layerNorm({ inputs: [x, weight], attrs }) {
    const C = weight.shape[0];
    return {
      file: "layer_norm.wgsl",
      constants: { C, EPS: attrs.eps, KEPT: Math.min(C, MAX_KEPT) },
      grid: folded(size(x.shape) / C),
    };
  },
  patches(call) {
    const [, , H, W] = call.inputs[0].shape;
    return elementwise(call, "patches.wgsl", { H, W, P: call.attrs.patch });
  },
  maskTokens: (call) => elementwise(call, "mask_tokens.wgsl", { C: sequence(call).C }),
  tokens(call) {
    const [, L, C] = call.output.shape;
    return elementwise(call, "tokens.wgsl", { L, C });
  },
  resizePos(call) {
    const [[FROM_H, FROM_W], [TO_H, TO_W]] = [call.attrs.from, call.attrs.to];
    return elementwise(call, "resize_pos.wgsl", { FROM_H, FROM_W, TO_H, TO_W, C: sequence(call).C });
  },
  patchTokens(call) {
    const { L, C } = sequence(call);
    return elementwise(call, "slice_tokens.wgsl", { L, FIRST: 1, COUNT: L - 1, C });
  },
  classToken: (call) => elementwise(call, "slice_tokens.wgsl", { ...sequence(call), FIRST: 0, COUNT: 1 }),
  meanTokens: (call) => elementwise(call, "mean_tokens.wgsl", sequence(call)),
  featmap: (call) => elementwise(call, "featmap.wgsl", sequence(call)),
  maskedMse({ inputs: [pred] }) {
    const [B, N, F] = pred.shape;
    return { file: "masked_mse.wgsl", constants: { M: B * N, F }, grid: [1, 1] };
  },
};

/** The kernel of `call`. */
export function kernelOf(call: AnyCall, multiply: Multiply): Kernel {
  return (table[call.op] as Lower<OpName>)(call, multiply);
}

const libs: Readonly<Record<string, string>> = {
  "lib/real.wgsl": realLib,
  "lib/flat.wgsl": flatLib,
  "lib/exp.wgsl": expLib,
  "lib/gelu.wgsl": geluLib,
  "lib/epilogue.wgsl": epilogueLib,
  "lib/block.wgsl": blockLib,
};

/** Sizes as constants: in types there can be no overrides. */
const sizesOf = ({ rows, columns, depth }: SubgroupMatrix) =>
  `const ROWS = ${rows}u;\nconst COLUMNS = ${columns}u;\nconst DEPTH = ${depth}u;\nconst SLICE = ${MATRIX_SLICE}u;`;

/** A file with the libraries that its first line names, storing numbers as f16 or f32; "subgroup-matrix" needs its `matrix`. */
export function moduleSource(file: Kernel["file"], f16: boolean, matrix?: SubgroupMatrix): string {
  const text = files[file];
  const names = text.slice(0, text.indexOf("\n")).match(/lib\/\w+\.wgsl/g) ?? [];
  const sizes = file === MATRIX && matrix ? [sizesOf(matrix)] : [];
  const source = [text, ...names.map((name) => libs[name]), ...sizes].join("\n");
  return f16 ? `enable f16;\n${source.replace("alias Real = f32;", "alias Real = f16;")}` : source;
}

/** How each binding of a file is accessed, in the order of their numbers, which is that of the file. */
export function bindingsOf(file: Kernel["file"]): ("read-only-storage" | "storage")[] {
  const declared = [...files[file].matchAll(/@binding\(\d+\) var<storage, (read|read_write)>/g)];
  return declared.map(([, access]) => (access === "read" ? "read-only-storage" : "storage"));
}
