/**
 * HOG as PyTorch computes it: gradients and angles are rounded to f32 step by step, so the bin of every pixel is exact, ties included; votes
 * are summed in float64, and each number has a bound for what an f32 implementation may round. Squares of gradients must not underflow.
 */

import type { Tensor } from "../sdk/base/tensor.js";
import type { HogSettings } from "./levels/pipeline-rows.js";

/** What the numbers of a descriptor are, and how far from that a correct f32 implementation may be. */
export interface Expected {
  readonly values: Float64Array;
  readonly bound: Float64Array;
}

const f = Math.fround;
const U = 2 ** -24;
const TINY = 2 ** -126;
/** Two squares, their sum, the root; the product with the window. */
const VOTE = (2 + 1 + 1) * U;
/** Two exponentials of 2 units, their product, the quotient by the sum. That sum's own error is one factor of all votes. */
const WINDOW = (4 + 4 + 1 + 1) * U;
const EPSILON = 1e-12;

const reflect = (i: number, n: number) => (i < 0 ? 1 : i < n ? i : n - 2);

/** Sobel's filters, left minus right and top minus bottom, of pixel (y, x) of plane c: tap by tap, row by row, in f32. */
function gradientOf({ data, shape: [, h, w] }: Tensor, c: number, y: number, x: number): [number, number] {
  let [gx, gy] = [0, 0];
  for (let dy = -1; dy <= 1; dy++) {
    const row = (c * h + reflect(y + dy, h)) * w;
    for (let dx = -1; dx <= 1; dx++) {
      const tap = data[row + reflect(x + dx, w)];
      gx = f(gx - dx * (2 - Math.abs(dy)) * tap);
      gy = f(gy - dy * (2 - Math.abs(dx)) * tap);
    }
  }
  return [gx, gy];
}

/**
 * How far PyTorch's arc tangent of vectors (torch 1.13 and 2.15, AVX2) is from the exact one next to where it decides, in radians: at 45 and
 * 135 degrees, for positive and for negative angles.
 */
const DIAGONALS = [
  [2e-8, -1.121631e-8],
  [1.638928e-8, -1.3413e-8],
];

/** The orientation's bin of `nbins`: the arc tangent, its quotient by pi and the product are each rounded to f32. */
export function binOf(gx: number, gy: number, nbins: number): number {
  const size = Math.abs(Math.atan2(gx, gy));
  const diagonal = Math.abs(Math.abs(gx) - Math.abs(gy)) < 1e-6 * Math.abs(gx);
  const error = diagonal ? DIAGONALS[Number(gy < 0)][Number(gx < 0)] : 0;
  const phase = f(f(f(size - error) / f(Math.PI)) * nbins);
  return (gx < 0 ? nbins - Math.ceil(phase) : Math.floor(phase)) % nbins;
}

/** Weights of the window's pixels along one axis; they add up to 1. */
function bellOf(window: number): number[] {
  const weights = Array.from({ length: window }, (_, i) => {
    return Math.exp(-0.5 * ((i - (window - 1) / 2) / Math.floor(window / 2)) ** 2);
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Divides each cell's bins by their length. */
function scale(values: Float64Array, nbins: number, cells: number): void {
  for (let i = 0; i < values.length / nbins; i++) {
    const first = Math.floor(i / cells) * nbins * cells + (i % cells);
    let squares = 0;
    for (let k = 0; k < nbins; k++) squares += values[first + k * cells] ** 2;
    const length = Math.max(Math.sqrt(squares), EPSILON);
    for (let k = 0; k < nbins; k++) values[first + k * cells] /= length;
  }
}

/** The descriptor of f32 [3,H,W]: cells [3,nbins,gh,gw]. */
export function hogExpected(image: Tensor, settings: HogSettings): Expected {
  const { nbins, pool, gaussianWindow: window, normalize } = settings;
  const [, h, w] = image.shape;
  const [gh, gw] = [h / pool, w / pool];
  const values = new Float64Array(3 * nbins * gh * gw);
  const bell = bellOf(window);
  for (let i = 0; i < 3 * h * w; i++) {
    const [c, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    const [gx, gy] = gradientOf(image, c, y, x);
    const weight = window ? bell[y % window] * bell[x % window] : 1;
    const cell = Math.floor(y / pool) * gw + Math.floor(x / pool);
    values[(c * nbins + binOf(gx, gy, nbins)) * gh * gw + cell] += Math.hypot(gx, gy) * weight;
  }
  // votes are not negative, so the errors of their sums are relative
  const sum = VOTE + (window ? WINDOW + (normalize ? 0 : window * window * U) : 0) + (pool * pool - 1) * U;
  if (normalize) scale(values, nbins, gh * gw);
  // the sum and its cell's length; squares, their sum, the root, the quotient; products of errors are the last hundredth
  const error = 1.01 * (normalize ? 2 * sum + (nbins + 4) * U : sum);
  return { values, bound: values.map((value) => value * error + TINY) };
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
