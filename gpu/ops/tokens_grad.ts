/** The gradients of tokens: that of each patch, and the sums over the batch of the class token and of the positions. */

import type { OpRule } from "../graph/op.js";
import { sequence } from "./home.js";

export const tokensGrad: OpRule<object> = {
  inputs: ["dy"], // [B,1+N,C]
  outputs: ["dx", "dcls", "dpos"], // [B,N,C], [1,1,C], [1,1+N,C]
  shape([dy]) {
    const { B, L, C } = sequence(dy);
    return [
      [B, L - 1, C],
      [1, 1, C],
      [1, L, C],
    ];
  },
};
