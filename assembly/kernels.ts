/** The exports of the WASM device's kernels: the same of every build (scripts/assembly.mjs). */
export * from "./memory";
export { attentionScratch, QUERY_BLOCK } from "./nn/attention";
export { ADD, GELU, NONE, packedBytes } from "./nn/matmul";
export * from "./nn/program";
export { NR, packPanels, TILE_BYTES, unpackPanels } from "./nn/tile";
