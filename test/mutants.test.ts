/** The conformance suite finds mistakes: mutants of the package, each at the level that must find it (`npm run mutants` runs them all). */

import { beforeAll, describe, expect, it } from "vitest";
import { gatherMutants, mutatedText, tryMutant, tryUnmutated, whyNot } from "../scripts/mutate.mjs";

const mutants = await gatherMutants();
const quick = mutants.filter((mutant) => mutant.quick);

describe("the table of mutants", () => {
  it("has many, each under a name of its own, at every level", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40);
    expect(new Set(mutants.map((mutant) => mutant.name)).size).toBe(mutants.length);
    expect(new Set(mutants.map((mutant) => mutant.level)).size).toBe(6);
    expect(quick.length).toBeGreaterThanOrEqual(15);
  });

  it.each(mutants)("applies: $name", (mutant) => {
    expect(mutatedText(mutant)).not.toBe("");
  });
});

describe("the suite", () => {
  beforeAll(async () => {
    expect(await tryUnmutated(quick)).toEqual([]);
  });

  for (const mutant of quick) {
    it.skipIf(whyNot(mutant.device))(`finds at ${mutant.level}: ${mutant.name}`, async () => {
      const { caught, why } = await tryMutant(mutant);
      expect(caught, why).toBeDefined();
    });
  }
});
