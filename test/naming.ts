/** Checkpoints with procedural numbers under the names of each project. */

import { ownParams } from "../sdk/config/traced.js";
import { completeConfig, type ModelConfig, type PartialConfig, type Tensor } from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";

export type Entries = [string, Tensor][];

/** Every parameter of a model under our name. */
export function ours(config: PartialConfig | ModelConfig): Entries {
  const params = ownParams(completeConfig(config));
  return params.map(({ name, shape }) => [name, { data: proceduralFill(name, shape)!, shape }]);
}

const timmBlocks: readonly [string, string][] = [
  ["backbone.", ""],
  ["patch_embed.projection", "patch_embed.proj"],
  ["ffn.layers.0.0", "mlp.fc1"],
  ["ffn.layers.1", "mlp.fc2"],
];

const inBlock = (name: string) =>
  name.replace(/layers\.(\d+)\.ln/, "blocks.$1.norm").replace(/layers\.(?=\d+\.)/, "blocks.");

const through = (pairs: readonly [string, string][]) => (name: string) =>
  pairs.reduce((text, [from, to]) => text.replace(from, to), name);

const timmName = (name: string) => inBlock(through(timmBlocks)(name));

/** The same tensors as timm's files have them. */
export const asTimm = (entries: Entries): Entries =>
  entries.map(([name, t]) => [
    timmName(name).replace(/^ln1/, "norm").replace(/^ln2/, "fc_norm").replace("head.fc", "head"),
    t,
  ]);

/** The same tensors as PySlowFast's files have them. */
export const asSlowFast = (entries: Entries): Entries =>
  entries.map(([name, t]) => [
    timmName(name)
      .replace(/^ln1/, "pred_head.transforms.0.0")
      .replace(/^ln2/, "norm")
      .replace("neck.fc", "pred_head.projections.0")
      .replace("head.fc", "head.projection"),
    t,
  ]);

const huggingface: readonly [string, string][] = [
  ["backbone.pos_embed", "vit.embeddings.position_embeddings"],
  ["backbone.cls_token", "vit.embeddings.cls_token"],
  ["backbone.patch_embed.", "vit.embeddings.patch_embeddings."],
  ["backbone.layers.", "vit.encoder.layer."],
  ["backbone.ln1", "vit.layernorm"],
  [".ln1", ".layernorm_before"],
  [".ln2", ".layernorm_after"],
  ["attn.proj", "attention.output.dense"],
  ["ffn.layers.0.0", "intermediate.dense"],
  ["ffn.layers.1", "output.dense"],
  ["head.fc", "classifier"],
];

/** The same tensors as Hugging Face's files have them: queries, keys and values apart. */
export const asHuggingFace = (entries: Entries): Entries =>
  entries.flatMap(([name, { data, shape }]): Entries => {
    const there = through(huggingface)(name);
    if (!there.includes("attn.qkv")) return [[there, { data, shape }]];
    const third = data.length / 3;
    return ["query", "key", "value"].map((part, i) => [
      there.replace("attn.qkv", `attention.attention.${part}`),
      { data: data.slice(i * third, (i + 1) * third), shape: [shape[0] / 3, ...shape.slice(1)] },
    ]);
  });

export const prefixed = (prefix: string, entries: Entries): Entries => entries.map(([name, t]) => [prefix + name, t]);
