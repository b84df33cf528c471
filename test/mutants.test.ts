/** The conformance suite finds mistakes: mutants of the package, each at the level that must find it (`npm run mutants` runs them all). */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { levels } from "../conformance/case.js";
import { gatherMutants, mutatedText, tryMutant, tryUnmutated } from "../scripts/mutate.mjs";
import { describeOn } from "./needs.js";

const mutants = await gatherMutants();
const quick = mutants.filter((mutant) => mutant.quick);

describe("the table of mutants", () => {
  it("has mutants of every level, each under a name of its own", () => {
    expect(new Set(mutants.map((mutant) => mutant.name)).size).toBe(mutants.length);
    expect([...new Set(mutants.map((mutant) => mutant.level))].sort()).toEqual(levels);
    expect(new Set(quick.map((mutant) => mutant.device))).toEqual(new Set(["wasm", "webgpu"]));
  });

  it.each(mutants)("applies: $name", (mutant) => {
    expect(mutatedText(mutant)).not.toBe(readFileSync(mutant.file, "utf8"));
  });

  it("refuses a mutant whose text is not there", () => {
    expect(() => mutatedText({ ...mutants[0], from: "no such text" })).toThrow(/has 0 times what is to be replaced/);
  });
});

describe.each([
  ["wasm", "WASM"],
  ["webgpu", "Dawn"],
] as const)("the suite on %s", (kind, device) => {
  const own = quick.filter((mutant) => mutant.device === kind);

  describeOn(device, "notices mistakes", () => {
    beforeAll(async () => {
      expect(await tryUnmutated(own)).toEqual([]);
    });

    it.each(own)("finds at $level: $name", async (mutant) => {
      const { caught, why } = await tryMutant(mutant);
      expect(caught, why).toMatch(/./);
    });
  });
});
