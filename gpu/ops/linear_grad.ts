/** The gradients of y = x W^T + b: dx = dy W, dW = dy^T x, db = the sum of the rows of dy. */

import { expect, fanIn, type OpRule, size } from "../graph/op.js";

export const linearGrad: OpRule<object> = {
  inputs: ["dy", "x", "weight"], // [...,N], [...,K], [N,...] of K elements a row
  outputs: ["dx", "dweight", "dbias"], // [...,K], [N,...], [N]
  layouts: { weight: "packed" },
  shape([dy, x, weight]) {
    const [N, K] = [weight[0], fanIn(weight)];
    expect(dy.at(-1) === N && x.at(-1) === K, `weight must be [${dy.at(-1)}, ${x.at(-1)}]`);
    expect(size(dy) * K === size(x) * N, "dy and x must have as many rows");
    return [x, weight, [N]];
  },
};
