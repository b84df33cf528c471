/** x Phi(x), the exact form, and erfc. */

import { both, everyNegative, everyPositive, spread } from "../points.js";
import { type Asked, bench, casesOf, definition, lengths, type Mutants, op, TINY, U } from "./define.js";

/** erfc in double precision: a series for small arguments, Lentz's continued fraction beyond (Abramowitz and Stegun 7.1.6, 7.1.14). */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-18 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let f = 0;
  for (let n = 60; n > 0; n--) f = n / 2 / (x + f);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
}

export const geluOf = (x: number): number => 0.5 * x * erfc(-x / Math.SQRT2);

/** The largest slope. */
export const GELU_SLOPE = 1.13;

/** gelu's own error: 6 units of u |x|, its constant factors included, and its flushed steps: the accuracy that the kernels declare. */
export const geluError = (magnitude: number) => 6 * U * magnitude + 20 * TINY;

const of = (on: Asked<object>, x: Float32Array) => on.measure([[x.length]], {}, [x]);

/** The function itself on points that are spread over bit patterns. */
const points = (name: string, scope: "quick" | "full", low: number, high: number, count?: number) => ({
  id: `C1/gelu/${name}`,
  scope,
  boundKind: "closed" as const,
  ask: (on: Asked<object>) => of(on, both(spread(on.device, low, high, count))),
});

const every = (name: string, ask: typeof everyPositive) => ({
  id: `C1/gelu/every ${name} number`,
  scope: "exhaustive" as const,
  boundKind: "closed" as const,
  ask: (on: Asked<object>) => ask((x) => of(on, x)),
});

export const gelu = op({
  evaluate: (_, [x]) => [x.map(geluOf)],
  bound: (_, [x]) => [x.map((v) => geluError(Math.abs(v)))],
  cases: casesOf([...lengths, [bench, [[197 * 3072]]]], ([n]) => ({ shapes: [[n]], attrs: {} })),
  questions: [
    points("2^-6 to 8", "quick", 2 ** -6, 8),
    points("tails", "quick", 8, 3e38),
    points("near 0", "quick", 0, 2 ** -6),
    points("2^20 points", "full", 2 ** -30, 20, 2 ** 20),
    every("positive", everyPositive),
    every("negative", everyNegative),
  ],
});

/** The derivative: the normal distribution's share below x, and x times its density. */
const slopeOf = (x: number) => 0.5 * erfc(-x / Math.SQRT2) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);

export const geluGrad = definition({ evaluate: (_, [dy, x]) => [x.map((v, i) => dy[i] * slopeOf(v))] });

export const mutants: Mutants = {
  cases: "C2/gelu/*",
  files: {
    "assembly/nn/lib/math.ts": [
      ["a coefficient is off by 1e-6", "0.16918961703777313", "0.1691906", { cases: "C1/gelu/*" }],
      [
        "the tanh form",
        "return f32x4.sub(f32x4.pmax(x, f32x4.splat(0.0)), f32x4.mul(half, erfc));",
        `const u = f32x4.mul(x, madd(f32x4.mul(x, x), f32x4.splat(0.0713548162726), f32x4.splat(1.5957691216057308)));
  return f32x4.div(x, f32x4.add(f32x4.splat(1.0), exp4(f32x4.neg(u))));`,
        { quick: true },
      ],
    ],
    "gpu/ops/lib/gelu.wgsl": [
      [
        "the tanh form, in WGSL",
        "return max(x, vec4<f32>(0.0)) - half * (p * t * expOf(-0.5 * a * a));",
        "return half * sign(x) * (1.0 + tanh(0.7978845608 * (x + 0.044715 * x * x * x))) + 0.0 * p;",
      ],
    ],
  },
};
