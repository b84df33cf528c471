/** The definitions of gradients: one line for each home. */

import { definition } from "./define.js";

/** What it changes is state, which who evaluates it keeps. */
export const accumulate = definition({ evaluate: (_, [total, x]) => [total.map((sum, i) => sum + x[i])] });

export { attentionGrad } from "./attention.js";
export { geluGrad } from "./gelu.js";
export { layerNormGrad } from "./layer_norm.js";
export { linearGrad } from "./linear.js";
export { maskTokensGrad } from "./mask_tokens.js";
export { maskedMseGrad } from "./masked_mse.js";
export { meanTokensGrad } from "./mean_tokens.js";
export { scaleGrad } from "./scale.js";
export { sliceTokensGrad } from "./slice_tokens.js";
export { tokensGrad } from "./tokens.js";
export { unfoldGrad } from "./unfold.js";
