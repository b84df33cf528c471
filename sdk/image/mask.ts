/** Block-wise masks for masked pre-training, equal to those of mmpretrain and PySlowFast from the same seed. */

import { OptionError } from "../../gpu/errors.js";
import { checkChoice, checkInteger, checkKeys } from "../base/check.js";
import type { Scratch } from "../wasm/data.js";
import { type Mt19937, mt19937numpy, mt19937python, withState } from "./rng.js";

/** Masks of a token grid: 1 is masked. */
export interface Mask {
  readonly data: Uint8Array;
  /** [h,w] or [t,h,w]; with `count` in front where that was given. */
  readonly shape: readonly number[];
}

interface Drawing {
  /** Seeds the generator's own library once, before the first mask. */
  readonly seed?: number;
  /** Instead of `seed`: a stream, which the masks continue. */
  readonly rng?: Mt19937;
  /** Cells to mask; default round(0.4 * cells). */
  readonly num?: number;
  /** Smallest area of a block as it is drawn, in cells; defaults see each function. */
  readonly min?: number;
  /** How many masks, one after the other from the stream; the shape then begins with it. */
  readonly count?: number;
}

export interface BlockMaskOptions extends Drawing {
  /** "mmpretrain" (default, numpy's generator) or "pyslowfast" (Python's). */
  readonly generator?: "mmpretrain" | "pyslowfast";
  /** [h,w] in tokens; default [14,14]. */
  readonly grid?: readonly [number, number];
}

export interface CubeMaskOptions extends Drawing {
  readonly generator?: "pyslowfast-cube";
  /** [t,h,w] in tokens; default [8,7,7]. */
  readonly grid?: readonly [number, number, number];
}

const maskKeys = ["seed", "rng", "generator", "grid", "num", "min", "count"];

const RATIO = 0.4;
const MAX_SIDE = 4096;
/** Bytes of all masks of one call. */
const MAX_BYTES = 2 ** 30;
/** mmpretrain never ends if no block fits; after this many fruitless rounds we throw. */
const PATIENCE = 20_000;

/** Draws one mask into zeroed memory and returns how many cells it masked. */
type Draw = (exports: Scratch["exports"], rng: number, mask: number) => number;

function checkGrid(name: string, grid: readonly number[], dims: number): number {
  if (grid.length !== dims) {
    throw new OptionError("OPT_VALUE", `${name}: grid: expected ${dims} numbers, got [${grid}]`);
  }
  for (const length of grid) checkInteger(`${name}: grid`, length, 1, MAX_SIDE);
  return grid.reduce((cells, length) => cells * length, 1);
}

function rngOf(name: string, { seed, rng }: Drawing, library: Mt19937["library"]): Mt19937 {
  if ((seed === undefined) === (rng === undefined)) {
    throw new OptionError("OPT_MISSING", `${name}: expected either seed or rng, got ${rng ? "both" : "neither"}`);
  }
  if (!rng) return library === "numpy" ? mt19937numpy(seed!) : mt19937python(seed!);
  if (rng.library !== library) {
    const make = library === "numpy" ? "mt19937numpy" : "mt19937python";
    throw new OptionError(
      "OPT_VALUE",
      `${name}: rng: this generator draws from ${library}; make the stream by ${make}()`,
    );
  }
  return rng;
}

function drawMasks(rng: Mt19937, grid: readonly number[], count: number | undefined, draw: Draw): Mask {
  const cells = grid.reduce((product, length) => product * length, 1);
  const shape = count === undefined ? [...grid] : [count, ...grid];
  const total = cells * (count ?? 1);
  const data = withState(rng.state, ({ exports, put, u8 }, state) => {
    const first = put(new Uint8Array(total));
    for (let mask = first; mask < first + total; mask += cells) draw(exports, state, mask);
    return u8(first, total);
  });
  return { data, shape };
}

/**
 * Masks of blocks on a [h,w] grid. "mmpretrain" masks exactly `num` cells and never the last row or column, as its
 * `BEiTMaskGenerator` does (`min` default 15); "pyslowfast" masks at most `num` (`min` default floor(num / 5)).
 * From one seed, `count` masks are those that the reference gives one after the other.
 * @throws OptionError for a grid, number or stream out of range, or if no mask of `num` cells can be found.
 */
export function blockMask(options: BlockMaskOptions = {}): Mask {
  const name = "blockMask";
  checkKeys(name, options, maskKeys);
  const generator = checkChoice(`${name}: generator`, options.generator ?? "mmpretrain", ["mmpretrain", "pyslowfast"]);
  const exact = generator === "mmpretrain";
  const grid = options.grid ?? [14, 14];
  const cells = checkGrid(name, grid, 2);
  const [h, w] = grid;
  const reachable = exact ? (h - 1) * (w - 1) : cells;
  const num = checkInteger(`${name}: num`, options.num ?? Math.round(RATIO * cells), 0, reachable);
  const min = checkInteger(`${name}: min`, options.min ?? (exact ? 15 : Math.floor(num / 5)), 0, MAX_SIDE ** 2);
  if (options.count !== undefined) checkInteger(`${name}: count`, options.count, 0, Math.floor(MAX_BYTES / cells));
  const rng = rngOf(name, options, exact ? "numpy" : "python");
  return drawMasks(rng, grid, options.count, (exports, state, mask) => {
    if (!exact) return exports.maskPyslowfast(state, mask, h, w, num, min);
    const masked = exports.maskMmpretrain(state, mask, h, w, num, min, PATIENCE);
    if (masked === num) return masked;
    const found = `only ${masked} of ${num} cells of a ${h} x ${w} grid could be masked`;
    throw new OptionError("OPT_VALUE", `${name}: ${found} with blocks of at least ${min}; lower num or min`);
  });
}

/**
 * Masks of cubes on a [t,h,w] grid as PySlowFast's video pre-training draws them: at most `num` cells; `min` is the smallest
 * area in space, default floor(h * w / 5).
 * @throws OptionError for a grid, number or stream out of range.
 */
export function cubeMask(options: CubeMaskOptions = {}): Mask {
  const name = "cubeMask";
  checkKeys(name, options, maskKeys);
  checkChoice(`${name}: generator`, options.generator ?? "pyslowfast-cube", ["pyslowfast-cube"]);
  const grid = options.grid ?? [8, 7, 7];
  const cells = checkGrid(name, grid, 3);
  const [t, h, w] = grid;
  const num = checkInteger(`${name}: num`, options.num ?? Math.round(RATIO * cells), 0, cells);
  const min = checkInteger(`${name}: min`, options.min ?? Math.floor((h * w) / 5), 0, MAX_SIDE ** 2);
  if (options.count !== undefined) checkInteger(`${name}: count`, options.count, 0, Math.floor(MAX_BYTES / cells));
  const rng = rngOf(name, options, "python");
  return drawMasks(rng, grid, options.count, (exports, state, mask) =>
    exports.maskCube(state, mask, t, h, w, num, min),
  );
}
