import { describe, expect, it } from "vitest";
import { OptionError } from "../gpu/errors.js";
import { mt19937numpy, mt19937python } from "../sdk/image/rng.js";
import { digest, golden } from "./data.js";

const make = (library: string, seed: string) =>
  library === "numpy" ? mt19937numpy(Number(seed)) : mt19937python(BigInt(seed));

describe("streams of numpy and Python", () => {
  it("starts as np.random.seed(0) does", () => {
    const rng = mt19937numpy(0);
    expect([rng.random(), rng.random(), rng.random()]).toEqual([
      0.5488135039273248, 0.7151893663724195, 0.6027633760716439,
    ]);
  });

  it.each(golden.streams)("equals %s from seed %s over integers and 1300 doubles", (...row) => {
    const [library, seed, bounds, first, integers, doubles] = row;
    const rng = make(library, seed);
    const draws: number[] = [];
    for (let round = 0; round < 20; round++) {
      for (const [low, high] of bounds) draws.push(rng.randint(low, high));
    }
    expect(draws.slice(0, 6)).toEqual(first);
    expect(digest(BigInt64Array.from(draws, BigInt))).toBe(integers);
    expect(digest(Float64Array.from({ length: 1300 }, () => rng.random()))).toBe(doubles);
  });

  it("consumes nothing for a single integer in numpy, at least one word in Python", () => {
    const numpy = mt19937numpy(3);
    const before = numpy.state.slice();
    expect(numpy.randint(4, 5)).toBe(4);
    expect(numpy.state).toEqual(before);
    const python = mt19937python(3);
    const start = python.state[624];
    expect(python.randint(4, 4)).toBe(4);
    expect(python.state[624]).not.toBe(start);
  });

  it("continues from a copied state", () => {
    const [a, b] = [mt19937python(1), mt19937python(2)];
    a.random();
    b.state.set(a.state);
    expect(b.random()).toBe(a.random());
  });

  it("takes number and bigint seeds alike and ignores the sign in Python", () => {
    expect(mt19937python(-7).state).toEqual(mt19937python(7n).state);
  });

  it("scales uniform() as both libraries do, downwards too", () => {
    const [a, b] = [mt19937numpy(9), mt19937numpy(9)];
    expect(a.uniform(15, 3)).toBe(15 + (3 - 15) * b.random());
  });

  it.each([-1, 2 ** 32, 1.5, Number.NaN])("refuses numpy seed %d", (seed) => {
    expect(() => mt19937numpy(seed)).toThrow(OptionError);
  });

  it.each([1.5, 2 ** 53, Number.NaN])("refuses Python seed %d", (seed) => {
    expect(() => mt19937python(seed)).toThrow(OptionError);
  });

  it("refuses empty, fractional and too wide ranges", () => {
    expect(() => mt19937numpy(0).randint(3, 3)).toThrow(/low < high/);
    expect(() => mt19937python(0).randint(3, 2)).toThrow(/low <= high/);
    expect(() => mt19937numpy(0).randint(0.5, 2)).toThrow(OptionError);
    expect(() => mt19937numpy(0).randint(0, 2 ** 32)).toThrow(OptionError);
  });
});
