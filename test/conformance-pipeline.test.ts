/** Level C5 of the suite on Node, and that it notices what is wrong: bytes, steps of the pipeline, descriptors. */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { WRONG } from "../conformance/case.js";
import { hogExpected } from "../conformance/hog.js";
import { pipelineCases } from "../conformance/levels/pipeline.js";
import { hogInput } from "../conformance/levels/pipeline-rows.js";
import { measure } from "../conformance/score.js";
import type { Case, Env, Finding } from "../conformance/suite.js";
import * as dataSide from "../sdk/entries/hog.js";
import { decode } from "../sdk/entries/node.js";
import { hogGoldens } from "./data.js";
import { decoders, hogAsDefined, mutants } from "./pipeline.mutants.js";

const read = async (path: string) => new Uint8Array(readFileSync(path));
const env = {
  api: { decode },
  golden: (name: string) => read(`conformance/golden/${name}`),
  sample: (name: string) => read(`sdk/demo/samples/${name}`),
} as unknown as Env;

async function measureAll(cases: readonly Case[], where = env): Promise<Map<string, Finding>> {
  const found = new Map<string, Finding>();
  for (const c of cases) found.set(c.id, await c.measure(where));
  return found;
}

const failures = (found: Map<string, Finding>) => [...found].filter(([, { use }]) => use > 1).map(([id]) => id);

describe("level C5", () => {
  let full: readonly Case[];
  beforeAll(async () => {
    full = (await pipelineCases(env, "full")).cases;
  });

  it("has a quick case of every kind, and names every case differently", async () => {
    const quick = (await pipelineCases(env, "quick")).cases;
    expect(quick.map(({ id }) => id)).toEqual(full.filter(({ scope }) => scope === "quick").map(({ id }) => id));
    const kinds = (cases: readonly Case[]) => new Set(cases.map(({ id }) => id.split("/")[1]));
    expect(kinds(quick)).toEqual(kinds(full));
    expect(new Set(full.map(({ id }) => id)).size).toBe(full.length);
    expect(full.every(({ id, level }) => level === "C5" && id.startsWith("C5/"))).toBe(true);
  });

  it("passes on Node: what is exact is equal, HOG is within its bounds", async () => {
    const found = await measureAll(full);
    expect(failures(found)).toEqual([]);
    for (const { id, boundKind } of full) {
      const { n, use, reason } = found.get(id)!;
      expect(reason, id).toBeUndefined();
      expect(n, id).toBeGreaterThan(0);
      if (boundKind === "exact") expect(use, id).toBe(0);
    }
  });

  it("needs no more than the quick goldens for scope quick, and says which are not here", async () => {
    const golden = async (name: string) => (name.startsWith("quick/") ? env.golden(name) : undefined);
    const { cases, absent } = await pipelineCases({ ...env, golden }, "full");
    expect(absent?.map(({ id }) => id)).toEqual(["C5/full/pipeline.json", "C5/full/hog.safetensors"]);
    expect(cases.every(({ scope }) => scope === "quick")).toBe(true);
    expect((await pipelineCases({ ...env, golden }, "quick")).absent).toEqual([]);
  });

  it("names the row that is wrong", async () => {
    const golden = async (name: string) => {
      const bytes = await read(`conformance/golden/${name}`);
      if (!name.endsWith(".json")) return bytes;
      const rows = JSON.parse(new TextDecoder().decode(bytes));
      const { hashes } = rows.masks[0];
      hashes[7] = hashes[8];
      return new TextEncoder().encode(JSON.stringify(rows));
    };
    const found = await measureAll((await pipelineCases({ ...env, golden }, "quick")).cases);
    expect(failures(found)).toEqual(["C5/mask/mmpretrain 14x14 num 78 seeds 0-99"]);
    const { use, n, reason } = found.get("C5/mask/mmpretrain 14x14 num 78 seeds 0-99")!;
    expect([n, use]).toEqual([100, WRONG]);
    expect(reason).toMatch(/^1 of 100 differ; first seed 7: expected [0-9a-f]{16}, found [0-9a-f]{16}$/);
  });
});

describe("quick cases notice", () => {
  it.each(Object.entries(decoders))("decoders: %s", async (_, wrong) => {
    const { cases } = await pipelineCases(env, "quick");
    const decoding = cases.filter(({ id }) => id.startsWith("C5/decode/"));
    const found = await measureAll(decoding, { ...env, api: { decode: wrong } } as unknown as Env);
    expect(failures(found).length).toBeGreaterThan(0);
  });

  it.each(mutants)("%s: C5/%s", async (_, kind, wrong) => {
    const { cases } = await pipelineCases(env, "quick", { ...dataSide, ...wrong });
    const found = await measureAll(cases.filter(({ id }) => !id.startsWith("C5/decode/")));
    const failed = failures(found).filter((id) => id.startsWith(`C5/${kind}/`));
    expect(failed.length).toBeGreaterThan(0);
    expect(Math.max(...failed.map((id) => found.get(id)!.use))).toBeGreaterThan(100);
  });
});

describe("bounds of HOG", () => {
  const named = (name: string) => hogGoldens.find(({ id }) => id === name)!;

  it.each(hogGoldens)("hold mmpretrain's cells, and no vote in another bin: $id", ({ input, options, cells }) => {
    const image = hogInput(input);
    const { values, bound } = hogExpected(image, options);
    const { data } = hogAsDefined(image, { ...options, layout: "cells" });
    expect(measure(cells.data, values, bound).use).toBeLessThanOrEqual(1);
    expect(measure(data, values, bound).use).toBeLessThanOrEqual(1);
    expect(Math.max(...bound)).toBeLessThan(options.normalize ? 5e-5 : 5e-4);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e-3, 1.001])("do not hold %d, nor too few numbers", (value) => {
    const { input, options, cells } = named("fill 64x64");
    const { values, bound } = hogExpected(hogInput(input), options);
    expect(measure(cells.data.with(100, value), values, bound).use).toBeGreaterThan(100);
    expect(measure(cells.data.subarray(1), values, bound).use).toBe(WRONG);
  });

  it("leave nothing for a zero image", () => {
    const zero = { data: new Float32Array(3 * 256), shape: [3, 16, 16] };
    const { values } = hogExpected(zero, { nbins: 9, pool: 8, gaussianWindow: 16, normalize: true });
    expect(new Set(values)).toEqual(new Set([0]));
  });
});
