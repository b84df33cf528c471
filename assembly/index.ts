/** The exports of the WASM core: the data side (pixels, resize, HOG, masks, half precision) and the kernels of the WASM device. */
export * from "./cubic";
export * from "./half";
export * from "./hog";
export * from "./mask";
export * from "./memory";
export { attentionScratch, QUERY_BLOCK } from "./nn/attention";
export { ADD, GELU, NONE, packedBytes } from "./nn/matmul";
export * from "./nn/program";
export { MR, NR, packPanels, TILE_BYTES, unpackPanels } from "./nn/tile";
export * from "./picture";
export * from "./pixels";
export * from "./resize";
export * from "./rng";
