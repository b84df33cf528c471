/** The gradients of y = a x: dx = a dy, da = the sum of dy x. */

import { expect, type OpRule, sameShape } from "../graph/op.js";

export const scaleGrad: OpRule<object> = {
  inputs: ["dy", "x", "a"], // any shape twice, [1]
  outputs: ["dx", "da"], // as x, [1]
  shape([dy, x, a]) {
    expect(sameShape(dy, x), `dy must be [${x}]`);
    return [x, a];
  },
};
