import { describe, expect, it } from "vitest";
import { OptionError } from "../gpu/errors.js";
import { blockMask, cubeMask, type Mask } from "../sdk/image/mask.js";
import { mt19937numpy, mt19937python } from "../sdk/image/rng.js";
import { digest, golden } from "./data.js";

const ones = (mask: Mask) => mask.data.reduce((sum, cell) => sum + cell, 0);

function rows(mask: Mask): string[] {
  const width = mask.shape.at(-1)!;
  return Array.from({ length: mask.data.length / width }, (_, y) =>
    mask.data.slice(y * width, (y + 1) * width).join(""),
  );
}

function draw(row: (typeof golden.masks)[number], seed: number): Mask {
  const options = { seed, num: row.num, min: row.min, count: row.count };
  if (row.generator === "pyslowfast-cube")
    return cubeMask({ ...options, grid: row.grid as readonly [number, number, number] });
  const generator = row.generator as "mmpretrain" | "pyslowfast";
  return blockMask({ ...options, generator, grid: row.grid as [number, number] });
}

describe("masks of the reference generators", () => {
  it("draws the known mask of numpy seed 0", () => {
    const mask = blockMask({ seed: 0 });
    const empty = "0".repeat(14);
    const [a, b, c, d] = ["00011111100000", "11111111100000", "11111111000000", "11111111110000"];
    expect(rows(mask)).toEqual([empty, empty, a, a, a, a, b, b, c, d, d, c, empty, empty]);
    expect(mask.data.indexOf(1)).toBe(31);
    expect(mask.shape).toEqual([14, 14]);
  });

  it.each(golden.masks)(
    "$generator $grid num $num, $count from each seed from $first on: equal to the library's",
    (row) => {
      const wrong = row.hashes.flatMap((hash, i) => {
        const seed = row.first + i;
        return digest(draw(row, seed).data) === hash ? [] : [seed];
      });
      expect(wrong).toEqual([]);
      expect(row.hashes.length).toBeGreaterThanOrEqual(5);
    },
  );

  it("has the references' defaults", () => {
    expect(blockMask({ seed: 5 })).toEqual(blockMask({ seed: 5, generator: "mmpretrain", num: 78, min: 15 }));
    expect(blockMask({ seed: 5, generator: "pyslowfast" })).toEqual(
      blockMask({ seed: 5, generator: "pyslowfast", grid: [14, 14], num: 78, min: 15 }),
    );
    expect(cubeMask({ seed: 5 })).toEqual(cubeMask({ seed: 5, grid: [8, 7, 7], num: 157, min: 9 }));
  });

  it("masks exactly num cells, never the last row or column (mmpretrain); at most num (PySlowFast)", () => {
    const exact = blockMask({ seed: 11, count: 100 });
    expect(ones(exact)).toBe(7800);
    const last = rows(exact).filter((row, i) => row.endsWith("1") || (i % 14 === 13 && row.includes("1")));
    expect(last).toEqual([]);
    const loose = Array.from({ length: 100 }, (_, seed) => ones(blockMask({ seed, generator: "pyslowfast" })));
    expect(Math.max(...loose)).toBe(78);
    expect(Math.min(...loose)).toBeLessThan(78);
  });
});

describe("options", () => {
  it("continues a given stream: one by one equals count", () => {
    const rng = mt19937numpy(4);
    const first = blockMask({ rng });
    const second = blockMask({ rng });
    const both = blockMask({ seed: 4, count: 2 });
    expect([...first.data, ...second.data]).toEqual([...both.data]);
    expect(both.shape).toEqual([2, 14, 14]);
  });

  it.each([
    [1, 1],
    [1, 9],
    [2, 2],
    [4, 4],
    [3, 40],
  ])("fills what a %i x %i grid allows", (h, w) => {
    const num = Math.floor(((h - 1) * (w - 1)) / 2);
    expect(ones(blockMask({ seed: 0, grid: [h, w], num, min: 1 }))).toBe(num);
    expect(ones(blockMask({ seed: 0, grid: [h, w], generator: "pyslowfast" }))).toBeLessThanOrEqual(h * w);
  });

  it("gives no mask, and masks nothing, for zero", () => {
    expect(blockMask({ seed: 0, count: 0 })).toEqual({ data: new Uint8Array(0), shape: [0, 14, 14] });
    expect(ones(blockMask({ seed: 0, num: 0 }))).toBe(0);
  });

  it("ends with an error where no block can ever fit", () => {
    expect(() => blockMask({ seed: 0, grid: [2, 600], num: 400, min: 400 })).toThrow(/only \d+ of 400 cells/);
  });

  it.each([
    [/either seed or rng, got neither/, {}],
    [/got both/, { seed: 0, rng: mt19937numpy(0) }],
    [/mt19937numpy\(\)/, { rng: mt19937python(0) }],
    [/num: expected an integer from 0 to 169/, { seed: 0, num: 197 }],
    [/num/, { seed: 0, num: 170 }],
    [/num/, { seed: 0, num: 1.5 }],
    [/min/, { seed: 0, min: -1 }],
    [/count/, { seed: 0, count: -1 }],
    [/grid/, { seed: 0, grid: [0, 14] as [number, number] }],
    [/expected 2 numbers/, { seed: 0, grid: [14] as unknown as [number, number] }],
    [/one of mmpretrain, pyslowfast/, { seed: 0, generator: "beit" as "mmpretrain" }],
  ])("blockMask refuses, saying %s", (message, options) => {
    expect(() => blockMask(options)).toThrow(OptionError);
    expect(() => blockMask(options)).toThrow(message);
  });

  it("cubeMask refuses wrong grids, numbers and generators", () => {
    expect(() => cubeMask({ seed: 0, grid: [8, 7] as unknown as [number, number, number] })).toThrow(OptionError);
    expect(() => cubeMask({ seed: 0, num: 393 })).toThrow(OptionError);
    expect(() => cubeMask({ rng: mt19937numpy(0) })).toThrow(/mt19937python\(\)/);
    expect(() => cubeMask({ seed: 0, generator: "pyslowfast" as "pyslowfast-cube" })).toThrow(OptionError);
  });
});
