/** The names of timm's `VisionTransformer`, from which PySlowFast's differ in norms and heads alone. */

import type { Naming, Rule } from "./types.js";

export const blockRules: readonly Rule[] = [
  ["cls_token", "backbone.cls_token"],
  ["pos_embed", "backbone.pos_embed"],
  ["mask_token", "backbone.mask_token"],
  ["patch_embed.proj.@", "backbone.patch_embed.projection.@"],
  ["blocks.#.norm1.@", "backbone.layers.#.ln1.@"],
  ["blocks.#.attn.qkv.@", "backbone.layers.#.attn.qkv.@"],
  ["blocks.#.attn.proj.@", "backbone.layers.#.attn.proj.@"],
  ["blocks.#.norm2.@", "backbone.layers.#.ln2.@"],
  ["blocks.#.mlp.fc1.@", "backbone.layers.#.ffn.layers.0.0.@"],
  ["blocks.#.mlp.fc2.@", "backbone.layers.#.ffn.layers.1.@"],
];

/** `norm` precedes the class token, `fc_norm` follows the mean of the patches; a file has one of them. */
export const timm: Naming = {
  project: "timm",
  sign: /^blocks\.\d+\.norm1\./,
  rules: [...blockRules, ["norm.@", "backbone.ln1.@"], ["fc_norm.@", "backbone.ln2.@"], ["head.@", "head.fc.@"]],
  manyRecipes: true,
};
