/** The import rules (scripts/rooms.mjs): this repository keeps them, and a planted violation of each is found. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { brokenRules } from "../scripts/rooms.mjs";
import { temporaryFolder } from "./cli.js";

/** A tree in which everything is allowed: each kind of file, importing all that it may. */
const sound: Readonly<Record<string, string>> = {
  "gpu/errors.ts": "export class Wrong extends Error {}",
  "gpu/graph/tape.ts": 'import { Wrong } from "../errors.js";\nexport type Tape = Wrong;',
  "gpu/ops/add.ts": 'import type { Tape } from "../graph/tape.js";\nexport type Add = Tape;',
  "sdk/base/tensor.ts": 'export { Wrong } from "../../gpu/errors.js";',
  "sdk/io/source.ts": 'import type { Wrong } from "../base/tensor.js";\nexport type Source = Wrong;',
  "sdk/model/model.ts": 'import { Add } from "../../gpu/ops/add.js";\nexport * from "../io/source.js";',
  "sdk/platform/node.ts": 'import { readFile } from "node:fs/promises";\nexport const gpu = () => import("webgpu");',
  "sdk/entries/node.ts": 'export * from "../model/model.js";\nexport * from "../platform/node.js";',
  "sdk/cli/main.ts": 'import "node:process";\nimport { gpu } from "../entries/node.js";',
  "conformance/run.ts": 'import * as api from "../sdk/entries/node.js";',
};

describe("import rules", () => {
  const folder = temporaryFolder();
  let trees = 0;

  /** What is broken in the sound tree with these files put in. */
  function broken(files: Readonly<Record<string, string>>): string[] {
    const root = join(folder, String(trees++));
    for (const [path, text] of Object.entries({ ...sound, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return brokenRules(root);
  }

  it("are kept here", () => {
    expect(brokenRules(process.cwd())).toEqual([]);
  });

  it("find nothing where nothing is wrong", () => {
    expect(broken({})).toEqual([]);
  });

  const source = "sdk/io/source.ts";
  const below = `${source} imports sdk/model/model.ts: model is below io`;
  it.each<[string, string, string, string]>([
    ["a lower room, by type only", source, 'import type { Model } from "../model/model.js";', below],
    ["a lower room, by an inline type", source, 'import { type Model } from "../model/model.js";', below],
    ["a lower room, re-exported", source, 'export * from "../model/model.js";', below],
    ["a lower room, for its effects", source, 'import "../model/model.js";', below],
    ["a lower room, later", source, 'const later = () => import("../model/model.js");', below],
    ["a lower room, in the type of an import", source, 'type M = import("../model/model.js").Model;', below],
    ["a lower room, over lines", source, 'import {\n  a, // it\'s "a"\n  type B,\n} from "../model/model.js";', below],
    [
      "a lower room, on one line with another",
      source,
      'export type A = 1; import { B } from "../model/model.js";',
      below,
    ],
    ["a lower room, in single quotes", source, "import { Model } from '../model/model.js';", below],
    [
      "sdk, from gpu",
      "gpu/ops/add.ts",
      'import type { Wrong } from "../../sdk/base/tensor.js";',
      "gpu/ops/add.ts imports sdk/base/tensor.ts: gpu imports only itself",
    ],
    [
      "an op, from graph",
      "gpu/graph/tape.ts",
      'import type { Add } from "../ops/add.js";',
      "gpu/graph/tape.ts imports gpu/ops/add.ts: graph imports no op",
    ],
    [
      "gpu, from a room that knows only its errors",
      source,
      'import type { Add } from "../../gpu/ops/add.js";',
      `${source} imports gpu/ops/add.ts: only errors of gpu are known here`,
    ],
    ["Node's own, away from the platform", source, 'import fs from "node:fs";', `${source}: node:fs is imported in`],
    ["Node's own, in gpu", "gpu/errors.ts", 'import fs from "node:fs";', "gpu/errors.ts: node:fs is imported in"],
    ["Dawn, away from the platform", source, 'const dawn = import("webgpu");', `${source}: webgpu is imported in`],
    ["sharp, away from the platform", source, 'import type sharp from "sharp";', `${source}: sharp is imported in`],
    [
      "an inner room, from cli",
      "sdk/cli/main.ts",
      'import type { Model } from "../model/model.js";',
      "sdk/cli/main.ts imports sdk/model/model.ts: cli uses the public API",
    ],
    [
      "tests, from the product",
      source,
      'import { run } from "../../conformance/run.js";',
      `${source} imports conformance/run.ts: the product imports no tests`,
    ],
  ])("find %s", (_, path, text, expected) => {
    const found = broken({ [path]: text });
    expect(found[0]).toContain(expected);
  });

  it("find a circle of types", () => {
    const files = {
      "sdk/base/a.ts": 'import type { B } from "./b.js";\nexport type A = B;',
      "sdk/base/b.ts": 'import type { C } from "./c.js";\nexport type B = C;',
      "sdk/base/c.ts": 'export type { A as C } from "./a.js";',
    };
    expect(broken(files)).toEqual(["a circle: sdk/base/a.ts -> sdk/base/b.ts -> sdk/base/c.ts -> sdk/base/a.ts"]);
  });

  it("find a room that has no place in the order", () => {
    expect(broken({ "sdk/attic/old.ts": "export const old = 1;" })).toEqual([
      "sdk/attic/old.ts: attic is no room of scripts/rooms.mjs",
    ]);
  });
});
