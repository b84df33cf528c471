/**
 * The gradients of attention, which computes the scores again. If q, k and v are parts of the same rows, there is one gradient of those.
 */

import { expect, type OpRule, sameShape } from "../graph/op.js";
import type { Heads } from "./attention.js";

export const attentionGrad: OpRule<Heads> = {
  inputs: ["dy", "q", "k?", "v?"], // [B,LQ,heads*D], and the inputs of attention
  outputs: ["dq", "dk", "dv"], // as q, k and v; elements of rows that attention does not read have the gradient 0
  shape([dy, q, ...rest], { heads, width }) {
    expect(sameShape(dy, [q[0], q[1], heads * width]), `dy must be [${q[0]}, ${q[1]}, ${heads * width}]`);
    expect(rest.length !== 1, "k and v are given both, or neither");
    return [q, ...rest];
  },
};
