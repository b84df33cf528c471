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

/** Files that may name any op: the tables, and the models, which are made of ops. */
const anyOp = /^(gpu|conformance)\/ops\/index\.ts$|^gpu\/models\//;

/** Files other than the homes of `op` that have its name in quotes. */
function strangers(op: string): string[] {
  const home = new RegExp(`^(gpu|conformance)/ops/${snake(op)}(_\\w+)?\\.ts$|^assembly/nn/${snake(op)}(_\\w+)?\\.ts$`);
  const quoted = new RegExp(`["'\`]${op}["'\`]`);
  return sources.filter((file) => !anyOp.test(file) && !home.test(file) && quoted.test(readFileSync(file, "utf8")));
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
