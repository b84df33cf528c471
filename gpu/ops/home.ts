/** What the home of an op says beside its rule: how each device runs it. A device without a kernel for an op is a compile error. */

import { type OpRule, size } from "../graph/op.js";
import type { Call, Value } from "../graph/tape.js";

/** A kernel's text. */
export interface Wgsl {
  /** The file's name without its ending. */
  readonly name: string;
  /** Its first line may name files of lib/ that it goes with. */
  readonly text: string;
}

/** One dispatch. */
export interface Dispatch {
  readonly file: Wgsl;
  /** The file's `override` constants. */
  readonly constants: Readonly<Record<string, number>>;
  /** Workgroups along x and y. */
  readonly grid: readonly [number, number];
  /** What is bound, in order; default: the call's inputs, then its outputs. */
  readonly bindings?: readonly Value[];
}

/** What a dispatch depends on beside its call. */
export interface GpuTarget {
  readonly matmul: Matmul;
  /** Whether an output is read: only then it is bound. */
  reads(output: Value): boolean;
}

/** A product y [M,N] of rows K long. */
export interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** A way to multiply matrices on WebGPU whose widths N and K are multiples of 4. */
export interface Matmul {
  readonly name: string;
  dispatch(product: Product): Pick<Dispatch, "file" | "constants" | "grid">;
}

/** What `assembly/` exports to the WASM device; the types are the compiler's own. */
export type WasmCore = Awaited<ReturnType<typeof import("../../build/simd.js").instantiate>>;

/** An argument of a step: the address of a value, of an element of it, or a number. */
export type Argument = Value | { readonly value: Value; readonly element: number } | number;

/** One run of a WASM kernel by all threads. */
export interface Step {
  /** The name under which the module exports the kernel's function index. */
  readonly kernel: string;
  /** In the order of the kernel's signature: inputs, outputs, dims. */
  readonly args: readonly Argument[];
  /** Bytes of working memory that all threads share. */
  readonly sharedBytes?: number;
  /** Bytes of working memory that each thread needs for itself. */
  readonly ownBytes?: number;
}

/** What steps depend on beside their call. */
export interface WasmTarget {
  readonly core: WasmCore;
  readonly threads: number;
  readonly format: WeightFormat;
  /** Whether an output is read: only then it must be written. */
  reads(output: Value): boolean;
}

/** How the WASM device packs the second factors of matmuls, and which kernels read them. */
export interface WeightFormat {
  /** Bytes of a whole weight [n,k]. */
  bytes(core: WasmCore, n: number, k: number): number;
  /** Bytes of working memory to pack `rows` rows. */
  packScratch(core: WasmCore, rows: number, k: number): number;
  /** Packs `count` rows at address `rows`, the first of which is row `first` of the weight, a multiple of 16, into the weight at `to`. */
  pack(core: WasmCore, rows: number, first: number, count: number, [n, k]: Size, to: number, scratch: number): void;
  /** Writes the weight at `from` row by row to `to`; `scratch` is as large as the weight is in f32 panels. */
  unpack(core: WasmCore, from: number, [n, k]: Size, to: number, scratch: number): void;
  /** Columns that a panel holds. */
  columns(core: WasmCore): number;
  /** The kernel that prepares an input [rows,k], and the shared memory that it fills. */
  input(core: WasmCore, rows: number, k: number): { kernel: string; sharedBytes: number };
  /** The kernel of the product, each thread's own memory, and what it takes behind the arguments of all formats. */
  product(core: WasmCore, k: number): { kernel: string; ownBytes: number; more: number[] };
}

/** Rows and columns of a weight. */
type Size = readonly [n: number, k: number];

/** A call whose attributes are known. */
export type Applied<A> = Omit<Call, "attrs"> & { readonly attrs: A };

/** Everything about an op on the devices. */
export interface OpHome<A = never> extends OpRule<A> {
  /** All kernels that `webgpu` chooses from. */
  readonly kernels: readonly Wgsl[];
  /** Stores its outputs as f32 even if the device stores f16. */
  readonly wide?: boolean;
  webgpu(call: Applied<A>, target: GpuTarget): Dispatch | Dispatch[];
  wasm(call: Applied<A>, target: WasmTarget): Step | Step[];
}

/** The home of a call's op: every table that is handed to a device is made of homes. */
export const homeOf = ({ rule }: Call): OpHome => rule as OpHome;

/** Declares the home of an op with attributes `A`. */
/* @__NO_SIDE_EFFECTS__ */
export function op<A = object>(home: OpHome<A>): OpHome<A> {
  return home;
}

/** The most workgroups along one side of a grid; more fold to y. */
const MAX_GROUPS = 65535;

/** A grid of `count` workgroups. */
export function folded(count: number): readonly [number, number] {
  const x = Math.min(count, MAX_GROUPS);
  return [x, Math.ceil(count / x)];
}

/** One invocation for each element of `value`, in workgroups of 64. */
export const perElement = ({ shape }: Value): readonly [number, number] => folded(Math.ceil(size(shape) / 64));

/** The bits of an f32, as a step carries it. */
export const f32 = (x: number): number => new Int32Array(Float32Array.of(x).buffer)[0];

/** Shape rules of sequences [B,L,C]. */
export function sequence(x: readonly number[]): { B: number; L: number; C: number } {
  if (x.length !== 3) throw "x must be [B, L, C]";
  return { B: x[0], L: x[1], C: x[2] };
}
