/** The tables of names: how each project names the tensors of a vision transformer, and our names for them. */

import { constant } from "../../base/constant.js";

/**
 * Their name, ours, and where several of theirs make one of ours, which of the pieces this is. `#` stands for a block's number, `@` for
 * "weight" or "bias".
 */
type Rule = readonly [from: string, to: string, part?: number];

export interface Naming {
  readonly project: string;
  /** Begins a name that tells this project's files from those of the projects after it, behind whatever stands before all names. */
  readonly sign: RegExp;
  /** Begins the names of a norm that every block has: what stands before it is the prefix of the backbone. */
  readonly block: RegExp;
  readonly rules: readonly Rule[];
  /** Numbers beside the parameters that follow from the configuration: left out without a word. */
  readonly derived?: RegExp;
  /** Parameters that no model here has, whose absence changes no feature: skipped, with a warning. */
  readonly unused?: RegExp;
  /** The project's files belong to recipes of many kinds: norms and pre-processing have to be said. */
  readonly manyRecipes: boolean;
  /** The project resizes positions with antialiasing. */
  readonly antialias?: true;
}

/** mmpretrain's names are ours, with or without the prefix of the backbone. */
const backbone = constant((): readonly Rule[] =>
  [
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
  ].map((name) => [name, `backbone.${name}`]),
);

/** MaskFeat: pre-training (`neck.fc`), and the classifier of its benchmark (`head.fc`). */
const mmpretrain = constant(
  (): Naming => ({
    project: "mmpretrain",
    sign: /layers\.\d+\.(ln[12]|attn|ffn)\./,
    block: /layers\.\d+\.ln1\./,
    rules: [...backbone, ["neck.fc.@", "neck.fc.@"], ["head.fc.@", "head.fc.@"]],
    derived: /^(target_generator|data_preprocessor)\./,
    manyRecipes: false,
  }),
);

/** Supervised vision transformers, whose head (`VisionTransformerClsHead`) reads the class token. */
const mmpretrainVit = constant(
  (): Naming => ({
    project: "mmpretrain's ViT",
    sign: /head\.layers\.head\./,
    block: /layers\.\d+\.ln1\./,
    rules: [...backbone, ["head.layers.head.@", "head.fc.@"]],
    derived: /^data_preprocessor\./,
    manyRecipes: true,
  }),
);

/** The names of timm's `VisionTransformer`, from which PySlowFast's differ only in norms and heads. */
const blockRules: readonly Rule[] = [
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
const timm = constant(
  (): Naming => ({
    project: "timm",
    sign: /blocks\.\d+\.norm1\./,
    block: /blocks\.\d+\.norm1\./,
    rules: [...blockRules, ["norm.@", "backbone.ln1.@"], ["fc_norm.@", "backbone.ln2.@"], ["head.@", "head.fc.@"]],
    manyRecipes: true,
    antialias: true,
  }),
);

/** PySlowFast's image models: the last norm is part of the pre-training head, and follows the mean in the classifier. */
const pyslowfast = constant(
  (): Naming => ({
    project: "PySlowFast",
    sign: /(pred_head|head\.projection|hogs)\./,
    block: /blocks\.\d+\.norm1\./,
    rules: [
      ...blockRules,
      ["pred_head.transforms.0.0.@", "backbone.ln1.@"],
      ["pred_head.projections.0.@", "neck.fc.@"],
      ["norm.@", "backbone.ln2.@"],
      ["head.projection.@", "head.fc.@"],
    ],
    derived: /^hogs\./,
    manyRecipes: false,
  }),
);

/** What both spellings of Hugging Face's `ViTModel`, `ViTForImageClassification` and `ViTForMaskedImageModeling` share. */
const huggingfaceRules: readonly Rule[] = [
  ["embeddings.cls_token", "backbone.cls_token"],
  ["embeddings.position_embeddings", "backbone.pos_embed"],
  ["embeddings.mask_token", "backbone.mask_token"],
  ["embeddings.patch_embeddings.projection.@", "backbone.patch_embed.projection.@"],
  ["layernorm.@", "backbone.ln1.@"],
  ["classifier.@", "head.fc.@"],
];

/** Files of `save_pretrained`, and the models of transformers up to 4. */
const huggingface = constant(
  (): Naming => ({
    project: "Hugging Face",
    sign: /encoder\.layer\.\d+\.layernorm_before\./,
    block: /encoder\.layer\.\d+\.layernorm_before\./,
    rules: [
      ...huggingfaceRules,
      ["encoder.layer.#.layernorm_before.@", "backbone.layers.#.ln1.@"],
      ["encoder.layer.#.attention.attention.query.@", "backbone.layers.#.attn.qkv.@", 0],
      ["encoder.layer.#.attention.attention.key.@", "backbone.layers.#.attn.qkv.@", 1],
      ["encoder.layer.#.attention.attention.value.@", "backbone.layers.#.attn.qkv.@", 2],
      ["encoder.layer.#.attention.output.dense.@", "backbone.layers.#.attn.proj.@"],
      ["encoder.layer.#.layernorm_after.@", "backbone.layers.#.ln2.@"],
      ["encoder.layer.#.intermediate.dense.@", "backbone.layers.#.ffn.layers.0.0.@"],
      ["encoder.layer.#.output.dense.@", "backbone.layers.#.ffn.layers.1.@"],
    ],
    unused: /^(pooler|decoder)\./,
    manyRecipes: true,
  }),
);

/** The state dicts of the models of transformers 5. */
const huggingface5 = constant(
  (): Naming => ({
    project: "Hugging Face (transformers 5)",
    sign: /layers\.\d+\.layernorm_before\./,
    block: /layers\.\d+\.layernorm_before\./,
    rules: [
      ...huggingfaceRules,
      ["layers.#.layernorm_before.@", "backbone.layers.#.ln1.@"],
      ["layers.#.attention.q_proj.@", "backbone.layers.#.attn.qkv.@", 0],
      ["layers.#.attention.k_proj.@", "backbone.layers.#.attn.qkv.@", 1],
      ["layers.#.attention.v_proj.@", "backbone.layers.#.attn.qkv.@", 2],
      ["layers.#.attention.o_proj.@", "backbone.layers.#.attn.proj.@"],
      ["layers.#.layernorm_after.@", "backbone.layers.#.ln2.@"],
      ["layers.#.mlp.fc1.@", "backbone.layers.#.ffn.layers.0.0.@"],
      ["layers.#.mlp.fc2.@", "backbone.layers.#.ffn.layers.1.@"],
    ],
    unused: /^(pooler|decoder)\./,
    manyRecipes: true,
  }),
);

/** In the order in which signs are looked for. */
export const namings: readonly Naming[] = [mmpretrainVit, mmpretrain, pyslowfast, timm, huggingface, huggingface5];
