/** How the weights of matrix products lie in WASM memory, and which kernels read them: an entry for each type of numbers. */

import type { WeightType } from "../../gpu/device.js";
import type { KernelExports } from "./builds.js";

/** Rows and columns of a weight [n,k]. */
export interface Size {
  readonly n: number;
  readonly k: number;
}

export interface Layout {
  /** Of a whole weight. */
  bytes(core: KernelExports, size: Size): number;
  /** Bytes of working memory to pack `rows` rows. */
  packScratch(core: KernelExports, rows: number, size: Size): number;
  /** Packs `count` rows at address `rows`, the first of which is row `first` of the weight, a multiple of 16, into the weight at `to`. */
  pack(core: KernelExports, rows: number, first: number, count: number, size: Size, to: number, scratch: number): void;
  /** Writes the weight at `from` row by row to `to`; `scratch` is as large as the weight is in f32 panels. */
  unpack(core: KernelExports, from: number, size: Size, to: number, scratch: number): void;
  /** Columns that a panel holds. */
  columns(core: KernelExports): number;
  /** The step that prepares an input [rows,k], without its arguments, and the shared memory that it fills. */
  packInput(core: KernelExports, rows: number, k: number): { kind: number; sharedBytes: number };
  /** The first words of a step of the product, up to the address of the weight and what follows it; each thread's own memory. */
  product(core: KernelExports, rows: number, k: number, weight: number): { words: number[]; ownBytes: number };
}

const panelBytes = ({ NR }: KernelExports, rows: number, k: number) => Math.ceil(rows / NR.value) * NR.value * k * 4;

const packInput = (core: KernelExports, rows: number, k: number) => ({
  kind: core.PACK_INPUT.value,
  sharedBytes: core.packedBytes(rows, k),
});

const product = (halves: boolean) => (core: KernelExports, rows: number, k: number, weight: number) => ({
  words: [core.MATMUL.value, rows, k, weight, Number(halves)],
  ownBytes: core.matmulScratch(halves),
});

export const layouts: { readonly [K in WeightType]: Layout } = {
  f32: {
    bytes: (core, { n, k }) => panelBytes(core, n, k),
    packScratch: () => 0,
    pack: (core, rows, first, count, { k }, to) => core.packPanels(rows, count, k, to + 4 * first * k),
    unpack: (core, from, { n, k }, to) => core.unpackPanels(from, n, k, to),
    columns: (core) => core.NR.value,
    packInput,
    product: product(false),
  },
  f16: {
    bytes: (core, { n, k }) => panelBytes(core, n, k) / 2,
    packScratch: (core, rows, { k }) => panelBytes(core, rows, k),
    pack(core, rows, first, count, { k }, to, scratch) {
      core.packPanels(rows, count, k, scratch);
      core.f32ToF16(scratch, to + 2 * first * k, panelBytes(core, count, k) / 4);
    },
    unpack(core, from, { n, k }, to, scratch) {
      core.f16ToF32(from, scratch, panelBytes(core, n, k) / 4);
      core.unpackPanels(scratch, n, k, to);
    },
    columns: (core) => core.NR.value,
    packInput,
    product: product(true),
  },
  int8: {
    bytes: (core, { n, k }) => core.int8Bytes(n, k),
    packScratch: () => 0,
    pack: (core, rows, first, count, { n, k }, to) => core.packInt8(rows, first, count, n, k, to),
    unpack: (core, from, { n, k }, to) => core.unpackInt8(from, n, k, to),
    columns: (core) => core.INT8_COLUMNS.value,
    packInput: (core, rows, k) => ({ kind: core.PACK_INPUT8.value, sharedBytes: core.packed8Bytes(rows, k) }),
    product: (core, rows, k, weight) => ({
      words: [core.MATMUL8.value, rows, k, weight],
      ownBytes: core.matmul8Scratch(k),
    }),
  },
};
