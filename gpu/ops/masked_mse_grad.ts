/** The gradient of the sum that maskedMse gives with respect to the prediction: 2 (pred - target) / F of hidden tokens, 0 of all others. */

import { expect, type OpRule, sameShape } from "../graph/op.js";

export const maskedMseGrad: OpRule<object> = {
  inputs: ["dy", "pred", "target", "mask"], // [2], of which the first counts; [B,N,F], [B,N,F], [B,N] of 0 and 1
  outputs: ["dpred"], // [B,N,F]
  shape([dy, pred, target]) {
    expect(sameShape(dy, [2]), "dy must be [2]");
    expect(sameShape(target, pred), `target must be [${pred}]`);
    return [pred];
  },
};
