/** The ops of the suite: one line for each home. */

export { add } from "./add.js";
export { attention } from "./attention.js";
export { featmap } from "./featmap.js";
export { gelu } from "./gelu.js";
export { layerNorm } from "./layer_norm.js";
export { linear } from "./linear.js";
export { maskTokens } from "./mask_tokens.js";
export { maskedMse } from "./masked_mse.js";
export { meanTokens } from "./mean_tokens.js";
export { resizePos } from "./resize_pos.js";
export { scale } from "./scale.js";
export { sliceTokens } from "./slice_tokens.js";
export { tokens } from "./tokens.js";
export { unfold } from "./unfold.js";
