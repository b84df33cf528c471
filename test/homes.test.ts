/** An op has one home in each language: no other file of the product names it. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ops } from "../gpu/ops/index.js";

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const sources = ["gpu", "sdk", "assembly", "conformance", "scripts"].flatMap((top) =>
  readdirSync(top, { recursive: true, encoding: "utf8" })
    .map((file) => `${top}/${file.replaceAll("\\", "/")}`)
    .filter((file) => /\.(ts|mjs)$/.test(file)),
);

/** Files that may name any op: the tables, the models, which are made of ops, and the mutants of models' texts. */
const anyOp = /^(gpu|conformance)\/ops\/index\.ts$|^gpu\/models\/|^conformance\/levels\/goldens-mutants\.ts$/;

/** Words that are spelt like an op and mean something else. */
const otherWords: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  add: { "sdk/demo/index.ts": "the id of a section" },
  featmap: {
    "sdk/cli/extract.ts": "a form of features",
    "sdk/config/config.ts": "a form of features",
    "sdk/model/features.ts": "a form of features",
  },
  gelu: {
    "conformance/ops/linear.ts": "an epilogue",
    "sdk/config/recipes/huggingface.ts": "an activation in others' configurations",
  },
  linear: { "scripts/bench/parts/data.mjs": "a filter of sharp" },
  tokens: { "sdk/image/hog.ts": "a layout of descriptors" },
};

/** Files other than the homes of `op` that have its name in quotes. */
function strangers(op: string): string[] {
  const home = new RegExp(`^(gpu|conformance)/ops/${snake(op)}(_\\w+)?\\.ts$|^assembly/nn/${snake(op)}(_\\w+)?\\.ts$`);
  const quoted = new RegExp(`["'\`]${op}["'\`]`);
  const naming = sources.filter((file) => !anyOp.test(file) && quoted.test(readFileSync(file, "utf8")));
  const others = Object.keys(otherWords[op] ?? {});
  expect(others.filter((file) => !naming.includes(file))).toEqual([]);
  return naming.filter((file) => !home.test(file) && !others.includes(file));
}

describe.each(Object.keys(ops))("%s", (op) => {
  it("has its homes", () => {
    const homes = [`gpu/ops/${snake(op)}.ts`, `assembly/nn/${snake(op)}.ts`, `conformance/ops/${snake(op)}.ts`];
    expect(homes.filter((file) => !sources.includes(file))).toEqual([]);
    const kernels = ops[op as keyof typeof ops].kernels.map(({ name }) => name);
    expect(kernels[0]).toBe(snake(op));
    const files = readdirSync("gpu/ops").filter((file) => file.endsWith(".wgsl"));
    expect(kernels.filter((name) => !files.includes(`${name}.wgsl`))).toEqual([]);
  });

  it("is named nowhere else", () => {
    expect(strangers(op)).toEqual([]);
  });
});

it("the index imports homes and nothing else", () => {
  const imported = [...readFileSync("gpu/ops/index.ts", "utf8").matchAll(/from "([^"]+)"/g)].map(([, from]) => from);
  expect(imported.sort()).toEqual(
    Object.keys(ops)
      .map((op) => `./${snake(op)}.js`)
      .sort(),
  );
});
