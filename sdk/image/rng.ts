/** Random streams of numpy and of Python: MT19937 with each library's seeding and draws, equal bit for bit from the same seed. */

import { OptionError } from "../../gpu/errors.js";
import { checkInteger } from "../base/check.js";
import { type Scratch, withScratch } from "../wasm/data.js";

/** A stream of random numbers; each draw continues it. */
export interface Rng {
  /** A double in [0, 1) with 53 random bits. */
  random(): number;
  /** A double between `low` and `high`: low + (high - low) * random(). */
  uniform(low: number, high: number): number;
  /** An integer; whether `high` itself can come is the library's own rule. @throws OptionError if the range is empty or too wide. */
  randint(low: number, high: number): number;
}

/** An MT19937 stream. Assigning a copy of `state` to another one's continues from there. */
export interface Mt19937 extends Rng {
  /** Whose integer draws these are; numpy's `randint` excludes `high`, Python's includes it. */
  readonly library: "numpy" | "python";
  /** The 624 words and the index of the next one. */
  readonly state: Uint32Array;
}

const STATE_BYTES = 4 * 625;
const MAX_U32 = 2 ** 32 - 1;

/** Runs `work` with the address of `state` in WASM and stores the state back. */
export function withState<T>(state: Uint32Array, work: (scratch: Scratch, address: number) => T): T {
  return withScratch((scratch) => {
    const address = scratch.put(state);
    const result = work(scratch, address);
    state.set(new Uint32Array(scratch.u8(address, STATE_BYTES).buffer));
    return result;
  });
}

/** How many integers there are to draw from. */
function rangeOf(low: number, high: number, inclusive: boolean): number {
  const n = high - low + (inclusive ? 1 : 0);
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || n < 1 || n > MAX_U32) {
    const rule = inclusive ? "low <= high" : "low < high";
    throw new OptionError(
      "OPT_VALUE",
      `randint: expected integers with ${rule} and a range below 2^32, got ${low}, ${high}`,
    );
  }
  return n;
}

function stream(library: Mt19937["library"], state: Uint32Array): Mt19937 {
  const inclusive = library === "python";
  const random = () => withState(state, ({ exports }, rng) => exports.rngRandom(rng));
  return {
    library,
    state,
    random,
    uniform: (low, high) => low + (high - low) * random(),
    randint(low, high) {
      const n = rangeOf(low, high, inclusive);
      const draw = withState(state, ({ exports }, rng) =>
        inclusive ? exports.rngBelowPython(rng, n) : exports.rngBelowNumpy(rng, n),
      );
      return low + (draw >>> 0);
    },
  };
}

/**
 * numpy's legacy global generator after `np.random.seed(seed)`: `random()` is `np.random.random_sample()`, `randint(low, high)` excludes
 * `high`. Source: numpy 1.24, `numpy/random/mtrand.pyx`.
 * @throws OptionError unless `seed` is an integer from 0 to 2^32 - 1.
 */
export function mt19937numpy(seed: number): Mt19937 {
  checkInteger("mt19937numpy: seed", seed, 0, MAX_U32);
  const state = new Uint32Array(625);
  withState(state, ({ exports }, rng) => exports.rngSeedNumpy(rng, seed));
  return stream("numpy", state);
}

/** The 32-bit digits of |n|, lowest first; one zero for 0. */
function digitsOf(n: bigint): Uint32Array {
  const digits: number[] = [];
  for (let rest = n < 0n ? -n : n; rest > 0n; rest >>= 32n) digits.push(Number(rest & 0xffffffffn));
  return Uint32Array.from(digits.length > 0 ? digits : [0]);
}

/**
 * Python's `random` after `random.seed(seed)`: `random()` is `random.random()`, `randint(low, high)` includes `high`.
 * Source: CPython, `Modules/_randommodule.c` and `Lib/random.py`.
 * @throws OptionError unless `seed` is a safe integer or a bigint; its sign does not count, as in Python.
 */
export function mt19937python(seed: number | bigint): Mt19937 {
  if (typeof seed !== "bigint" && !Number.isSafeInteger(seed)) {
    throw new OptionError("OPT_VALUE", `mt19937python: seed: expected a safe integer or a bigint, got ${seed}`);
  }
  const digits = digitsOf(BigInt(seed));
  const state = new Uint32Array(625);
  withState(state, ({ exports, put }, rng) => exports.rngSeedPython(rng, put(digits), digits.length));
  return stream("python", state);
}
