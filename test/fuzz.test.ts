/** Malformed files in numbers that a commit can afford; `npm run fuzz` tries as many as one likes. */

import { describe, expect, it } from "vitest";
import { fuzz } from "../scripts/fuzz/rows.mjs";
import * as maskfeat from "../sdk/node.js";

describe("fuzzing", () => {
  it.each([
    ["R1", "checkpoints of torch", 5000, 150],
    ["R2", "safetensors and npy", 5000, 50],
    ["R4", "images", 2000, 50],
  ])("%s: %s, %i mutants", async (row, _, count, fewest) => {
    const { bad, accepted, failures } = await fuzz(maskfeat, row, { count, seed: 20_000 });
    expect(failures).toEqual([]);
    expect(bad).toBe(0);
    // Mutants that all fail at the first byte would show nothing.
    expect(accepted).toBeGreaterThan(fewest);
    expect(accepted).toBeLessThan(count / 2);
  });
});
