/** The gradient of sliceTokens: that of the tokens from `first` on, and 0 of all others. */

import { expect, type OpRule } from "../graph/op.js";

export const sliceTokensGrad: OpRule<{ first: number; tokens: number }> = {
  inputs: ["dy"], // [B,count,C] or [B,C]
  outputs: ["dx"], // [B,tokens,C]
  shape([dy], { first, tokens }) {
    const count = dy.length === 2 ? 1 : dy[1];
    expect(first + count <= tokens, `dx must have ${first + count} tokens`);
    return [[dy[0], tokens, dy.at(-1) as number]];
  },
};
