/** The exports of the WASM device's kernels: the same of every build (scripts/assembly.mjs). */
export { f16ToF32, f32ToF16 } from "./half";
export * from "./memory";
export { attentionScratch, QUERY_BLOCK } from "./nn/attention";
export { INT8_COLUMNS, int8Bytes, matmul8Scratch, packed8Bytes, packInt8, unpackInt8 } from "./nn/int8";
export { ADD, GELU, matmulScratch, NONE, packedBytes } from "./nn/matmul";
export * from "./nn/program";
export { NR, packPanels, unpackPanels } from "./nn/tile";
