/** The gradient of gelu: dy times its derivative at x. */

import { expect, type OpRule, sameShape } from "../graph/op.js";

export const geluGrad: OpRule<object> = {
  inputs: ["dy", "x"], // any shape
  outputs: ["dx"],
  shape([dy, x]) {
    expect(sameShape(dy, x), `dy must be [${x}]`);
    return [x];
  },
};
