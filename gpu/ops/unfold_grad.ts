/** The gradient of unfold: each pixel has the sum of what the patches give that hold it. */

import type { OpRule, Shape } from "../graph/op.js";
import type { Window } from "./unfold.js";

export const unfoldGrad: OpRule<Window & { shape: Shape }> = {
  inputs: ["dy"], // [B,patches,C*kernel]
  outputs: ["dx"], // [B,C,H,W] or [B,C,T,H,W]
  shape: (_, { shape }) => [shape],
};
