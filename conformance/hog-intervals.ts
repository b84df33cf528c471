/**
 * HOG as intervals: for every number of a descriptor the smallest and the largest value that a correct f32 implementation can reach. The
 * definition is evaluated in float64; a pixel whose angle lies within its error of a border between bins may vote on either side. Any order
 * of the gradients' sums is allowed, and an arc tangent of 4 units in the last place or none at all. Squares of gradients must not underflow.
 */

import type { Tensor } from "../sdk/base/tensor.js";
import type { Measured } from "./case.js";
import type { HogSettings } from "./levels/pipeline-rows.js";
import { measure } from "./score.js";

/** The ends of intervals, element by element. */
interface Ends {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** What each number can be. */
export interface Intervals {
  /** In exact arithmetic, whatever bins the undecided pixels vote for. */
  readonly exact: Ends;
  /** With rounding: beyond these it is wrong. */
  readonly rounded: Ends;
}

const U = 2 ** -24;
const TINY = 2 ** -126;
/** A gradient has six terms whose products are exact: five roundings (and a bit for those of float64). */
const GRADIENT = 5.01 * U;
/** Angle, pi as f32, the quotient by it, the product with the number of bins; relative to the phase. */
const PHASE = (8 + 1 + 1 + 1) * U;
/** Two squares, their sum, the root; the product with the window. */
const VOTE = (2 + 1 + 1) * U;
/** Two exponentials of 2 units, their product, the quotient by the sum. That sum's own error is one factor of all votes. */
const WINDOW = (4 + 4 + 1 + 1) * U;
const EPSILON = 1e-12;

const reflect = (i: number, n: number) => (i < 0 ? 1 : i < n ? i : n - 2);

/** Gradient of a pixel, and how far an f32 gradient may be from it. */
interface Gradient {
  readonly gx: number;
  readonly gy: number;
  readonly error: number;
}

/** Sobel's filters, left minus right and top minus bottom. */
function gradientOf({ data, shape: [, h, w] }: Tensor, c: number, y: number, x: number, whole: boolean): Gradient {
  let [gx, gy, sizeX, sizeY] = [0, 0, 0, 0];
  for (let dy = -1; dy <= 1; dy++) {
    const row = (c * h + reflect(y + dy, h)) * w;
    for (let dx = -1; dx <= 1; dx++) {
      const tap = data[row + reflect(x + dx, w)];
      const [wx, wy] = [-dx * (2 - Math.abs(dy)), -dy * (2 - Math.abs(dx))];
      gx += wx * tap;
      gy += wy * tap;
      sizeX += Math.abs(wx * tap);
      sizeY += Math.abs(wy * tap);
    }
  }
  return { gx, gy, error: whole ? 0 : GRADIENT * Math.hypot(sizeX, sizeY) };
}

/** Whether all sums of a gradient's terms are whole numbers that f32 holds. */
const isWhole = (data: Float32Array) => data.every((v) => Number.isInteger(v) && Math.abs(v) <= 2 ** 20);

/** First bin of the vote, and how many bins it may fall into, modulo nbins. */
function binsOf({ gx, gy, error }: Gradient, nbins: number): [number, number] {
  const length = Math.hypot(gx, gy);
  if (error > 0 && error >= length) return [0, nbins];
  const phase = (Math.atan2(gx, gy) / Math.PI) * nbins;
  const angle = error > 0 ? Math.asin(error / length) : 0;
  const spread = (angle / Math.PI) * nbins + PHASE * Math.abs(phase);
  const first = Math.floor(phase - spread);
  // -nbins - 1 to nbins: below, the border at -nbins is that at 0
  return [(first + 2 * nbins) % nbins, Math.min(nbins, Math.floor(phase + spread) - first + 1)];
}

/** Weights of the window's pixels along one axis; they add up to 1. */
function bellOf(window: number): number[] {
  const weights = Array.from({ length: window }, (_, i) => {
    return Math.exp(-0.5 * ((i - (window - 1) / 2) / Math.floor(window / 2)) ** 2);
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

const emptyEnds = (length: number): Ends => ({ low: new Float64Array(length), high: new Float64Array(length) });

/** Sums of votes, [3,nbins,gh,gw]. */
function histograms(image: Tensor, settings: HogSettings): Intervals {
  const { nbins, pool, gaussianWindow: window, normalize } = settings;
  const [, h, w] = image.shape;
  const [gh, gw] = [h / pool, w / pool];
  const exact = emptyEnds(3 * nbins * gh * gw);
  const rounded = emptyEnds(3 * nbins * gh * gw);
  const bell = bellOf(window);
  const whole = isWhole(image.data);
  // what is a factor of all votes of a cell is lost in its scaling
  const factor = VOTE + (window ? WINDOW + (normalize ? 0 : window * window * U) : 0) + (pool * pool - 1) * U;
  for (let i = 0; i < 3 * h * w; i++) {
    const [c, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    const gradient = gradientOf(image, c, y, x, whole);
    const weight = window ? bell[y % window] * bell[x % window] : 1;
    const [vote, error] = [Math.hypot(gradient.gx, gradient.gy) * weight, gradient.error * weight];
    const [first, count] = binsOf(gradient, nbins);
    const cell = Math.floor(y / pool) * gw + Math.floor(x / pool);
    for (let k = 0; k < count; k++) {
      const at = (c * nbins + ((first + k) % nbins)) * gh * gw + cell;
      exact.high[at] += count === 1 ? vote : vote + error;
      rounded.high[at] += (vote + error) * (1 + factor);
      if (count > 1) continue;
      exact.low[at] += vote;
      rounded.low[at] += Math.max(0, vote - error) * (1 - factor);
    }
  }
  return { exact, rounded };
}

/** Each cell's bins divided by their length, with a relative error: a bin is largest where the others are smallest. */
function scaled({ low, high }: Ends, nbins: number, cells: number, error: number): Ends {
  const result = emptyEnds(low.length);
  const quotient = (own: number, others: number) => own / Math.max(Math.sqrt(own * own + others), EPSILON);
  for (let i = 0; i < low.length; i++) {
    const first = Math.floor(i / (nbins * cells)) * nbins * cells + (i % cells);
    let [least, most] = [0, 0];
    for (let at = first; at < first + nbins * cells; at += cells) {
      if (at === i) continue;
      least += low[at] ** 2;
      most += high[at] ** 2;
    }
    result.low[i] = quotient(low[i], most) * (1 - error);
    result.high[i] = quotient(high[i], least) * (1 + error);
  }
  return result;
}

/** What a correct descriptor of f32 [3,H,W] can be: cells [3,nbins,gh,gw]. */
export function hogIntervals(image: Tensor, settings: HogSettings): Intervals {
  const sums = histograms(image, settings);
  if (!settings.normalize) return sums;
  const [, h, w] = image.shape;
  const { nbins, pool } = settings;
  const cells = (h / pool) * (w / pool);
  // squares, their sum, the root, the quotient
  const error = (nbins + 4) * U;
  return { exact: scaled(sums.exact, nbins, cells, 0), rounded: scaled(sums.rounded, nbins, cells, error) };
}

/** Where each feature of tokens [N,F] of `side` x `side` cells is among cells [3,nbins,gh,gw]. */
export function cellOfFeature(nbins: number, gh: number, gw: number, side: number): Uint32Array {
  const features = 3 * nbins * side * side;
  return Uint32Array.from({ length: 3 * nbins * gh * gw }, (_, i) => {
    const [token, feature] = [Math.floor(i / features), i % features];
    const [dx, dy] = [feature % side, Math.floor(feature / side) % side];
    const plane = Math.floor(feature / (side * side)); // channel * nbins + bin
    const y = Math.floor(token / (gw / side)) * side + dy;
    return (plane * gh + y) * gw + (token % (gw / side)) * side + dx;
  });
}

/** Compares with the nearest number that is exact for some votes; the bound is what rounding adds to the interval on that side. */
export function measureWithin(actual: ArrayLike<number>, { exact, rounded }: Intervals): Measured {
  const nearest = exact.low.map((low, i) => {
    const [value, high] = [actual[i], exact.high[i]];
    if (value >= low && value <= high) return value;
    return value < low ? low : high; // NaN is near to nothing
  });
  const bound = exact.low.map((low, i) => {
    const room = actual[i] < low ? low - rounded.low[i] : rounded.high[i] - exact.high[i];
    return Math.max(0, room) + TINY;
  });
  return measure(actual, nearest, bound);
}

/** Applies `f` to every array of intervals. */
export function mapIntervals({ exact, rounded }: Intervals, f: (numbers: Float64Array) => Float64Array): Intervals {
  const ends = ({ low, high }: Ends) => ({ low: f(low), high: f(high) });
  return { exact: ends(exact), rounded: ends(rounded) };
}
