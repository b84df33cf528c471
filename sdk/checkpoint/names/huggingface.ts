/** The names of Hugging Face's `ViTModel`, `ViTForImageClassification` and `ViTForMaskedImageModeling`. */

import type { Naming } from "./types.js";

export const huggingface: Naming = {
  project: "Hugging Face",
  sign: /^encoder\.layer\.\d+\.layernorm_before\./,
  rules: [
    ["embeddings.cls_token", "backbone.cls_token"],
    ["embeddings.position_embeddings", "backbone.pos_embed"],
    ["embeddings.mask_token", "backbone.mask_token"],
    ["embeddings.patch_embeddings.projection.@", "backbone.patch_embed.projection.@"],
    ["encoder.layer.#.layernorm_before.@", "backbone.layers.#.ln1.@"],
    ["encoder.layer.#.attention.attention.query.@", "backbone.layers.#.attn.qkv.@", 0],
    ["encoder.layer.#.attention.attention.key.@", "backbone.layers.#.attn.qkv.@", 1],
    ["encoder.layer.#.attention.attention.value.@", "backbone.layers.#.attn.qkv.@", 2],
    ["encoder.layer.#.attention.output.dense.@", "backbone.layers.#.attn.proj.@"],
    ["encoder.layer.#.layernorm_after.@", "backbone.layers.#.ln2.@"],
    ["encoder.layer.#.intermediate.dense.@", "backbone.layers.#.ffn.layers.0.0.@"],
    ["encoder.layer.#.output.dense.@", "backbone.layers.#.ffn.layers.1.@"],
    ["layernorm.@", "backbone.ln1.@"],
    ["classifier.@", "head.fc.@"],
  ],
  unused: /^(pooler|decoder)\./,
  manyRecipes: true,
};
