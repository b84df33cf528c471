/** The gradients of layerNorm, which computes mean and deviation of each row again. */

import { expect, type OpRule, sameShape } from "../graph/op.js";

export const layerNormGrad: OpRule<{ eps: number }> = {
  inputs: ["dy", "x", "weight"], // [...,C], [...,C], [C]
  outputs: ["dx", "dweight", "dbias"], // [...,C], [C], [C]
  shape([dy, x, weight]) {
    expect(sameShape(dy, x), `dy must be [${x}]`);
    expect(sameShape(weight, x.slice(-1)), `weight must be [${x.at(-1)}]`);
    return [x, weight, weight];
  },
};
