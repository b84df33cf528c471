/** The exports of the WASM core: the data side (pixels, resize, HOG, masks, half precision) and the kernels of the WASM device. */
export * from "./memory";
export { attentionScratch, QUERY_BLOCK } from "./nn/attention";
export { ADD, GELU, matmulScratch, NONE } from "./nn/matmul";
export * from "./nn/program";
export { MR, NR, packPanels, unpackPanels } from "./nn/tile";
