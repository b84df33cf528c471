/** Names of state dicts as modules and wrappers give them (scripts/golden/peers/names.py). */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { underOurNames } from "../sdk/checkpoint/names/index.js";
import type { Checkpoint } from "../sdk/checkpoint/types.js";

interface Row {
  readonly name: string;
  readonly plain: "timm" | "transformers";
  readonly names: readonly string[];
}
const { plain, rows }: { plain: string[]; rows: Row[] } = JSON.parse(
  readFileSync("test/fixtures/peers/names.json", "utf8"),
);
const named = (names: readonly string[]) => underOurNames({ names, source: "file" } as Checkpoint);
const block = ["attn.proj", "attn.qkv", "ffn.layers.0.0", "ffn.layers.1", "ln1", "ln2"].map(
  (name) => `layers.0.${name}`,
);
const parameters = [...block, "ln1", "patch_embed.projection"].flatMap((name) => [`${name}.bias`, `${name}.weight`]);
const wanted = ["cls_token", "pos_embed", ...parameters].map((name) => `backbone.${name}`);

it.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
  const { tensors, unused } = named(row.names);
  const found = [...tensors.keys()];
  expect(found).toEqual(expect.arrayContaining(wanted));
  const others = found.filter((name) => !wanted.includes(name));
  for (const name of others) expect(name).toMatch(/^(backbone\.mask_token|head\.fc\.(weight|bias))$/);
  for (const name of unused) expect(name).toMatch(/(pooler\.dense|decoder\.0)\.(weight|bias)$/);
  // the tensor of each name is that of the module by itself
  if (row.plain === "timm") {
    const own = named(plain).tensors;
    for (const [name, [from]] of tensors) expect(row.names.indexOf(from)).toBe(plain.indexOf(own.get(name)![0]));
  } else {
    const [q, k, v] = tensors.get("backbone.layers.0.attn.qkv.weight")!;
    expect([q, k, v].map((name) => name.slice(-13))).toEqual(["q_proj.weight", "k_proj.weight", "v_proj.weight"]);
  }
});

it("two models in one file are refused by name", () => {
  const names = ["student", "teacher"].flatMap((who) => plain.map((name) => `${who}.backbone.${name}`));
  expect(() => named(names)).toThrow(
    'file: several models, whose names begin with "student.backbone.", "teacher.backbone."; save the state dict of one',
  );
});

it("a tensor beside the encoder is not taken for its head", () => {
  const names = [...plain.filter((name) => !name.startsWith("head.")).map((name) => `encoder.${name}`), "head.weight"];
  expect(named(names).tensors.has("head.fc.weight")).toBe(false);
});
