/** How the weights of matmuls lie in WASM memory: an entry for each type of elements. */

import type { WeightType } from "../device.js";
import type { WasmCore, WeightFormat } from "./home.js";

const panelBytes = ({ NR }: WasmCore, rows: number, k: number) => Math.ceil(rows / NR.value) * NR.value * k * 4;

const input: WeightFormat["input"] = (core, rows, k) => ({
  kernel: "linearPack",
  sharedBytes: core.linearPackBytes(rows, k),
});

const product =
  /* @__NO_SIDE_EFFECTS__ */
    (f16: boolean): WeightFormat["product"] =>
    (core) => ({ kernel: "linear", ownBytes: core.linearScratch(f16), more: [Number(f16)] });

export const weightFormats: { readonly [K in WeightType]: WeightFormat } = {
  f32: {
    bytes: panelBytes,
    packScratch: () => 0,
    pack: (core, rows, first, count, [, k], to) => core.packPanels(rows, count, k, to + 4 * first * k),
    unpack: (core, from, [n, k], to) => core.unpackPanels(from, n, k, to),
    columns: (core) => core.NR.value,
    input,
    product: product(false),
  },
  f16: {
    bytes: (core, n, k) => panelBytes(core, n, k) / 2,
    packScratch: panelBytes,
    pack(core, rows, first, count, [, k], to, scratch) {
      core.packPanels(rows, count, k, scratch);
      core.f32ToF16(scratch, to + 2 * first * k, panelBytes(core, count, k) / 4);
    },
    unpack(core, from, [n, k], to, scratch) {
      core.f16ToF32(from, scratch, panelBytes(core, n, k) / 4);
      core.unpackPanels(scratch, n, k, to);
    },
    columns: (core) => core.NR.value,
    input,
    product: product(true),
  },
  int8: {
    bytes: (core, n, k) => core.int8Bytes(n, k),
    packScratch: () => 0,
    pack: (core, rows, first, count, [n, k], to) => core.packInt8(rows, first, count, n, k, to),
    unpack: (core, from, [n, k], to) => core.unpackInt8(from, n, k, to),
    columns: (core) => core.INT8_COLUMNS.value,
    input: (core, rows, k) => ({ kernel: "linearPackInt8", sharedBytes: core.linearPackInt8Bytes(rows, k) }),
    product: (core, k) => ({ kernel: "linearInt8", ownBytes: core.linearInt8Scratch(k), more: [] }),
  },
};
