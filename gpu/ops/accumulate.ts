/** total += x, in place. */

import { expect, type OpRule, sameShape } from "../graph/op.js";

export const accumulate: OpRule<object> = {
  inputs: ["total", "x"], // any shape
  outputs: [],
  updates: ["total"],
  shape([total, x]) {
    expect(sameShape(total, x), `x must be [${total}]`);
    return [];
  },
};
