/** mmpretrain's names, which are ours: with or without the prefix of the backbone, and with either of its classification heads. */

import type { Naming, Rule } from "./types.js";

const backbone: readonly Rule[] = [
  "cls_token",
  "pos_embed",
  "mask_token",
  "patch_embed.projection.@",
  "layers.#.ln1.@",
  "layers.#.attn.qkv.@",
  "layers.#.attn.proj.@",
  "layers.#.ln2.@",
  "layers.#.ffn.layers.0.0.@",
  "layers.#.ffn.layers.1.@",
  "ln1.@",
  "ln2.@",
].map((name) => [name, `backbone.${name}`]);

/** MaskFeat: pre-training (`neck.fc`), and the classifier of its benchmark (`head.fc`). */
export const mmpretrain: Naming = {
  project: "mmpretrain",
  sign: /^layers\.\d+\.(ln[12]|attn|ffn)\./,
  rules: [...backbone, ["neck.fc.@", "neck.fc.@"], ["head.fc.@", "head.fc.@"]],
  derived: /^(target_generator|data_preprocessor)\./,
  manyRecipes: false,
};

/** Supervised vision transformers, whose head (`VisionTransformerClsHead`) reads the class token. */
export const mmpretrainVit: Naming = {
  project: "mmpretrain's ViT",
  sign: /^head\.layers\.head\./,
  rules: [...backbone, ["head.layers.head.@", "head.fc.@"]],
  derived: /^data_preprocessor\./,
  manyRecipes: true,
};
