/** The ops of training: those of inference, and their gradients, which only the float64 reference runs so far: they have no kernels. */

import { accumulate } from "./accumulate.js";
import { attentionGrad } from "./attention_grad.js";
import { geluGrad } from "./gelu_grad.js";
import { ops } from "./index.js";
import { layerNormGrad } from "./layer_norm_grad.js";
import { linearGrad } from "./linear_grad.js";
import { maskTokensGrad } from "./mask_tokens_grad.js";
import { maskedMseGrad } from "./masked_mse_grad.js";
import { meanTokensGrad } from "./mean_tokens_grad.js";
import { scaleGrad } from "./scale_grad.js";
import { sliceTokensGrad } from "./slice_tokens_grad.js";
import { tokensGrad } from "./tokens_grad.js";
import { unfoldGrad } from "./unfold_grad.js";

export const gradients = {
  accumulate,
  attentionGrad,
  geluGrad,
  layerNormGrad,
  linearGrad,
  maskTokensGrad,
  maskedMseGrad,
  meanTokensGrad,
  scaleGrad,
  sliceTokensGrad,
  tokensGrad,
  unfoldGrad,
};

export const trainOps = { ...ops, ...gradients };

export type TrainOps = typeof trainOps;
export type GradientName = keyof typeof gradients;
