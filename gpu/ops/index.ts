/** The ops of inference. */

import { add } from "./add.js";
import { attention } from "./attention.js";
import { featmap } from "./featmap.js";
import { gelu } from "./gelu.js";
import { layerNorm } from "./layer_norm.js";
import { linear } from "./linear.js";
import { maskTokens } from "./mask_tokens.js";
import { maskedMse } from "./masked_mse.js";
import { meanTokens } from "./mean_tokens.js";
import { resizePos } from "./resize_pos.js";
import { scale } from "./scale.js";
import { sliceTokens } from "./slice_tokens.js";
import { tokens } from "./tokens.js";
import { unfold } from "./unfold.js";

export const ops = {
  add,
  attention,
  featmap,
  gelu,
  layerNorm,
  linear,
  maskTokens,
  maskedMse,
  meanTokens,
  resizePos,
  scale,
  sliceTokens,
  tokens,
  unfold,
};

export type Ops = typeof ops;
export type OpName = keyof Ops;
