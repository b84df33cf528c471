/** How a result is judged beside its reference: the share of its bound that it uses, and what else a reader wants to know. */

import { HISTOGRAM, type Measured, WRONG } from "./case.js";
import type { Finding } from "./suite.js";

/** The distance between neighbouring f32 numbers around `y`. */
function ulp(y: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(y))), -126);
  return 2 ** (exponent - 23);
}

/** NaN and infinities as a number that JSON has. */
const finite = (x: number) => (Number.isFinite(x) ? Math.min(x, WRONG) : WRONG);

/** The bucket of a histogram that a share belongs to. */
export function bucketOf(share: number): number {
  if (share > 1) return HISTOGRAM - 1;
  return Math.max(0, Math.min(HISTOGRAM - 2, Math.floor(Math.log2(share)) + HISTOGRAM - 1));
}

/** Compares numbers one by one. `bound`: for each element the largest error of a correct result, or one for all. */
export function measure(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: ArrayLike<number> | number,
): Measured {
  const n = expected.length;
  const histogram = new Array<number>(HISTOGRAM).fill(0);
  let [maxAbs, maxRel, maxUlp, use] = [0, 0, 0, 0];
  let bounding = typeof bound === "number" ? bound : n > 0 ? bound[0] : 0;
  let [dot, actualSquares, expectedSquares] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [a, y, b] = [actual[i], expected[i], typeof bound === "number" ? bound : bound[i]];
    const error = Object.is(a, y) || a === y ? 0 : Math.abs(a - y);
    // WRONG where no error is allowed, or the result is NaN
    const share = error === 0 ? 0 : finite(error / b);
    histogram[bucketOf(share)]++;
    dot += a * y;
    actualSquares += a * a;
    expectedSquares += y * y;
    if (error === 0) continue;
    maxAbs = Math.max(maxAbs, finite(error));
    maxRel = Math.max(maxRel, finite(error / Math.abs(y)));
    maxUlp = Math.max(maxUlp, finite(error / ulp(y)));
    if (share <= use) continue;
    use = share;
    bounding = b;
  }
  if (actual.length !== n) use = WRONG;
  const cos = cosine(n, dot, actualSquares, expectedSquares);
  return { n, maxAbs, maxRel, maxUlp, cos, use, bound: finite(bounding), histogram };
}

/** The square of twice the smallest normal number: what is below may be flushed, and has no direction. */
const TINY_SQUARE = 2 ** -250;

/** 1 where both are zero, as far as f32 can tell; what is not finite counts as 0. */
function cosine(n: number, dot: number, a: number, b: number): number {
  if (a <= n * TINY_SQUARE && b <= n * TINY_SQUARE) return 1;
  const cos = dot / Math.sqrt(a) / Math.sqrt(b);
  return Number.isFinite(cos) ? Math.min(1, cos) : 0;
}

/** Things that are equal or not: `wrong` of `n` are not. */
export function exactly(n: number, wrong: number): Measured {
  const histogram = new Array<number>(HISTOGRAM).fill(0);
  histogram[0] = n - wrong;
  histogram[HISTOGRAM - 1] = wrong;
  const use = wrong > 0 ? WRONG : 0;
  return { n, maxAbs: use, maxRel: use, maxUlp: use, cos: wrong > 0 ? 0 : 1, use, bound: 0, histogram };
}

/** Compares two results number by number; NaN equals NaN. */
export function sameNumbers(actual: Float32Array, expected: Float32Array): Finding {
  const differs = (v: number, i: number) => !Object.is(actual[i], v) && actual[i] !== v;
  const first = expected.findIndex(differs);
  if (first < 0 && actual.length === expected.length) return exactly(expected.length, 0);
  const wrong = Math.max(1, expected.filter(differs).length);
  const reason = `number ${first} is ${actual[first]}, expected ${expected[first]}`;
  return { ...exactly(expected.length, wrong), reason };
}

/** Joins what parts of a case found. */
export function joined(parts: readonly Measured[]): Measured {
  const most = (key: "maxAbs" | "maxRel" | "maxUlp") => Math.max(...parts.map((part) => part[key]));
  const worst = parts.reduce((a, b) => (b.use > a.use ? b : a));
  return {
    n: parts.reduce((sum, part) => sum + part.n, 0),
    maxAbs: most("maxAbs"),
    maxRel: most("maxRel"),
    maxUlp: most("maxUlp"),
    cos: Math.min(...parts.map(({ cos }) => cos)),
    use: worst.use,
    bound: worst.bound,
    histogram: Array.from({ length: HISTOGRAM }, (_, i) => parts.reduce((sum, part) => sum + part.histogram[i], 0)),
  };
}
