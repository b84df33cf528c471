/** The gradients of maskTokens: of the patches that are seen, and the sum of the hidden ones for the mask token. */

import { expect, type OpRule, sameShape } from "../graph/op.js";
import { sequence } from "./home.js";

export const maskTokensGrad: OpRule<object> = {
  inputs: ["dy", "mask"], // [B,N,C], [B,N] of 0 and 1
  outputs: ["dx", "dtoken"], // [B,N,C], [1,1,C]
  shape([dy, mask]) {
    const { B, L, C } = sequence(dy);
    expect(sameShape(mask, [B, L]), `mask must be [${B}, ${L}]`);
    return [dy, [1, 1, C]];
  },
};
