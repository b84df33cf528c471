/** The gradient of meanTokens: the same for every token but the first, which has none. */

import { expect, type OpRule } from "../graph/op.js";

export const meanTokensGrad: OpRule<{ tokens: number }> = {
  inputs: ["dy"], // [B,C]
  outputs: ["dx"], // [B,tokens,C]
  shape([dy], { tokens }) {
    expect(dy.length === 2 && tokens > 1, "dy must be [B, C], and tokens more than the class token");
    return [[dy[0], tokens, dy[1]]];
  },
};
