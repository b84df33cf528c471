/** PySlowFast's names of its image models: the last norm is part of the pre-training head, and follows the mean in the classifier. */

import { blockRules } from "./timm.js";
import type { Naming } from "./types.js";

export const pyslowfast: Naming = {
  project: "PySlowFast",
  sign: /^(pred_head|head\.projection|hogs)\./,
  rules: [
    ...blockRules,
    ["pred_head.transforms.0.0.@", "backbone.ln1.@"],
    ["pred_head.projections.0.@", "neck.fc.@"],
    ["norm.@", "backbone.ln2.@"],
    ["head.projection.@", "head.fc.@"],
  ],
  derived: /^hogs\./,
  manyRecipes: false,
};
