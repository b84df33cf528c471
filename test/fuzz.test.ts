/** Malformed files in numbers that a commit can afford, more in `npm run soak`; `npm run fuzz` tries as many as one likes. */

import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { growth } from "../scripts/fuzz/memory.mjs";
import { fuzz } from "../scripts/fuzz/rows.mjs";
import * as maskfeat from "../sdk/entries/node.js";
import { rounds } from "./helpers.js";

describe("fuzzing", () => {
  it.each([
    ["R1", "checkpoints of torch", rounds(2000), 0.03],
    ["R2", "safetensors, npy and npz", rounds(2000), 0.01],
    ["R4", "images", rounds(800), 0.025],
  ])("%s: %s, %i mutants", async (row, _, count, least) => {
    const { bad, accepted, failures } = await fuzz(maskfeat, row, { count, seed: 20_000 });
    expect(failures).toEqual([]);
    expect(bad).toBe(0);
    // Mutants that all fail at the first byte would show nothing.
    expect(accepted).toBeGreaterThan(least * count);
    expect(accepted).toBeLessThan(count / 2);
  });

  it("R14: kept downloads, 40 mutants", async () => {
    const { bad, accepted, failures } = await fuzz(maskfeat, "R14", { count: 40, seed: 20_000 });
    expect(failures).toEqual([]);
    expect([bad, accepted]).toEqual([0, 40]);
  });
});

describe("the memory of a mutant", () => {
  const MB = 2 ** 20;
  const fill = (bytes: number) => new Uint8Array(bytes).fill(1).length;

  it("is measured at its highest", async () => {
    expect(await growth(async () => fill(200 * MB))).toBeGreaterThan(190 * MB);
    expect(await growth(async () => fill(MB))).toBeLessThan(32 * MB);
  });

  /** The built package, but for a reader of .npy that takes this much. */
  const greedy = (bytes: number) => {
    const built = pathToFileURL("dist/node.js").href;
    const readNpy = `export const readNpy = () => void new Uint8Array(${bytes}).fill(1);`;
    return `data:text/javascript,${encodeURIComponent(`export * from "${built}"; ${readNpy}`)}`;
  };
  /** Mutant 4, which is for readNpy, read by one that takes so much here and so much in a process of its own. */
  const run = (here: number, alone: number) => {
    const readNpy: typeof maskfeat.readNpy = (bytes, name) => {
      fill(here);
      return maskfeat.readNpy(bytes, name);
    };
    return fuzz({ ...maskfeat, readNpy }, "R2", { count: 1, seed: 4, module: greedy(alone) });
  };

  it("is bad where it is too much in processes of its own", async () => {
    const { bad, failures } = await run(100 * MB, 100 * MB);
    expect(bad).toBe(1);
    expect(failures[0].wrong).toMatch(/^took (9|10)\d MB$/);
  });

  it("is not what others left", async () => {
    expect(await run(100 * MB, MB)).toMatchObject({ bad: 0 });
  });
});
