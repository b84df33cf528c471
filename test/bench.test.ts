/** The arithmetic of the benchmark: what its medians and ratios are of, and that contenders take turns. No time decides anything here. */

import { describe, expect, it } from "vitest";
import { median, ratio, spread, takeTurns } from "../scripts/bench/measure.mjs";
import { readOptions } from "../scripts/bench/options.mjs";
import { placeOf, table } from "../scripts/bench/table.mjs";
import { combinations, variantName } from "../scripts/bench/variants.mjs";

describe("takeTurns", () => {
  it("warms everybody up, then gives each one turn a round, another one being the first each time", async () => {
    const turns: string[] = [];
    const contender = (name: string, ms: number) => ({
      async run() {
        turns.push(name);
        return ms;
      },
    });
    const times = await takeTurns([contender("a", 400), contender("b", 300)], { rounds: 3, seconds: 0 });
    expect(turns.join("")).toBe("aabb" + "abbaab");
    expect(times).toEqual([
      [400, 400, 400],
      [300, 300, 300],
    ]);
  });
});

describe("figures", () => {
  it("are medians, and the distance between quartiles relative to them", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 2, 3, 10])).toBe(2.5);
    expect(spread([1, 2, 3, 4, 5])).toBeCloseTo(2 / 3);
  });

  it("relate times of the same round, not medians", () => {
    // the machine was three times slower in the second round
    expect(ratio([10, 60, 20], [10, 30, 10])).toBe(2);
  });
});

describe("tables", () => {
  it("align numbers to the right, round to three digits, and leave empty columns out", () => {
    const rows = [
      { name: "a", ms: 1234.5 },
      { name: "long", ms: 0.012345 },
    ];
    const columns = { work: (r: { name: string }) => r.name, ms: (r: { ms: number }) => r.ms, none: () => undefined };
    expect(table(rows, columns).split("\n")).toEqual([
      "| work |     ms |",
      "| ---- | -----: |",
      "| a    |   1235 |",
      "| long | 0.0123 |",
    ]);
    expect(table([], columns)).toBe("nothing was measured");
  });

  it("name the place of a row", () => {
    const place = { device: "wasm", variant: "simd", dtype: "f32" };
    expect(placeOf({ ...place, threads: 1 })).toBe("wasm simd f32, 1 thread");
    expect(placeOf({ ...place, threads: undefined })).toBe("wasm simd f32");
  });
});

describe("combinations", () => {
  it("have every number of threads on WASM, and none on WebGPU", () => {
    const all = combinations(() => true, [1, 2]);
    expect(all).toContainEqual({ device: "wasm", threads: 1 });
    expect(all).toContainEqual({ device: "wasm", threads: 2 });
    expect(all.filter((o) => o.device === "webgpu").every((o) => !("threads" in o))).toBe(true);
    expect(variantName({ device: "wasm", dtype: "f16", turbo: true })).toBe("wasm f16 turbo");
  });
});

describe("options", () => {
  it("say which parts run", () => {
    const parts = (...args: string[]) => readOptions(args).parts;
    expect(parts()).toEqual(["ops", "models", "data", "load", "cold"]);
    expect(parts("--browser")).toEqual(["ops", "models"]);
    expect(parts("counts", "--gate")).toEqual(["counts", "gate"]);
    expect(parts("--peers")).toEqual(["peers"]);
    // the peers' cold starts, not their speed
    expect(parts("--cold", "--peers")).toEqual(["cold"]);
  });
});
