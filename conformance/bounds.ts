/**
 * How far a correct f32 kernel may be from the float64 result, for each element of an op's output: running error analysis (Higham,
 * Accuracy and Stability of Numerical Algorithms, 2002) with u = 2^-24. A sum of d terms costs at most gamma_d = d u / (1 - d u) of the
 * sum of magnitudes, and no more than 8 sqrt(d) u but for one element in 10^10 (d <= 3072; 2 d exp(-8^2 / 2)). Every kernel's sums are as
 * deep as they have terms. Nothing here is tuned.
 */

import { fanIn, type OpName, size } from "../gpu/graph/ops.js";
import type { AnyCall, Call } from "../gpu/graph/tape.js";
import { evaluate } from "./reference.js";

type Arrays = readonly Float64Array[];
/** Relative error of a sum or dot product of d terms. */
export type SumError = (d: number) => number;
type Bound<K extends OpName> = (call: Call<K>, inputs: Arrays, output: Float64Array, sums: SumError) => Float64Array;

const U = 2 ** -24;
/** Results below the smallest normal number may be flushed to zero, once for each operation. */
const TINY = 2 ** -126;

/** WGSL lets a sum be rounded to either of its two neighbours, which is twice as far as to the nearer one. */
const EITHER_WAY = 2;

/** gelu's own error in units of u |x|, and exp's in units of u: the accuracy that the kernels declare. */
const GELU_ULPS = 6;
const EXP_ULPS = 2;
/** The fewest keys that a kernel of attention takes at a time. */
const KEYS = 64;
/** The largest slope of gelu. */
const GELU_SLOPE = 1.13;

/** What no sum exceeds, in whatever order its terms are added. */
export const certain: SumError = (d) => (d * U) / (1 - d * U);

/** What is judged by: roundings that are independent of each other add up to less. */
export const probable: SumError = (d) => Math.min(certain(d), 8 * Math.sqrt(d) * U);

const abs = (x: Float64Array) => x.map(Math.abs);

/** |x| |w|^T + |b|: the same call over magnitudes. */
function linearMagnitude(
  call: Call<"linear"> | Call<"linearGelu"> | Call<"linearAdd">,
  [x, w, b]: Arrays,
): Float64Array {
  const inputs = call.inputs.slice(0, 3);
  return evaluate({ op: "linear", inputs, output: call.output, attrs: {} }, [abs(x), abs(w), abs(b)]);
}

function linearBound(
  call: Call<"linear"> | Call<"linearGelu"> | Call<"linearAdd">,
  inputs: Arrays,
  sums: SumError,
): Float64Array {
  const d = fanIn(call.inputs[1].shape) + 1;
  return linearMagnitude(call, inputs).map((magnitude) => sums(d) * magnitude + d * TINY);
}

const linearGelu: Bound<"linearGelu"> = (call, inputs, _, sums) => {
  const z = evaluate({ ...call, op: "linear" }, inputs);
  return linearBound(call, inputs, sums).map(
    (e, i) => GELU_SLOPE * e + GELU_ULPS * U * (Math.abs(z[i]) + e) + 20 * TINY,
  );
};

const layerNorm: Bound<"layerNorm"> = (call, [x, weight, bias], _, sumsOf) => {
  const C = weight.length;
  const sums = sumsOf(C + 2);
  const out = new Float64Array(x.length);
  for (let r = 0; r < x.length; r += C) {
    const row = x.subarray(r, r + C);
    const mean = row.reduce((a, b) => a + b, 0) / C;
    const meanError = (sums * row.reduce((a, b) => a + Math.abs(b), 0)) / C + U * Math.abs(mean) + TINY;
    const difference = row.map((v) => v - mean);
    const error = difference.map((d) => meanError + U * (Math.abs(d) + meanError));
    const variance = difference.reduce((sum, d) => sum + d * d, 0) / C;
    const spread = difference.reduce((sum, d, i) => sum + error[i] * (2 * Math.abs(d) + error[i]), 0) / C;
    const a = variance + call.attrs.eps;
    const aError = spread + (sums + 2 * U) * (a + spread) + C * TINY;
    const inverse = 1 / Math.sqrt(a);
    // the reciprocal root is steepest at the small end; beyond it nothing can be promised
    const inverseError = aError < a ? (1 / Math.sqrt(a - aError)) * (1 + 3 * U) - inverse : Number.POSITIVE_INFINITY;
    for (let i = 0; i < C; i++) {
      const d = Math.abs(difference[i]);
      const product = (d + error[i]) * (inverse + inverseError) * Math.abs(weight[i]);
      const exact = d * inverse * Math.abs(weight[i]);
      out[r + i] = product - exact + 3 * U * product + 2 * U * (product + Math.abs(bias[i])) + 4 * TINY;
    }
  }
  return out;
};

const attention: Bound<"attention"> = (call, [qkv], _, sums) => {
  const [B, L, C] = call.output.shape;
  const D = C / call.attrs.heads;
  const out = new Float64Array(B * L * C);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < call.attrs.heads; h++) {
      const at = (l: number, part: number) => (b * L + l) * 3 * C + part * C + h * D;
      for (let i = 0; i < L; i++) attentionRow(qkv, at, i, [L, D], sums, out.subarray((b * L + i) * C + h * D));
    }
  }
  return out;
};

/** One query: scores with their errors, the softmax, the mix of values. */
function attentionRow(
  qkv: Float64Array,
  at: (l: number, part: number) => number,
  i: number,
  [L, D]: readonly [number, number],
  sums: SumError,
  out: Float64Array,
): void {
  const scale = 1 / Math.sqrt(D);
  const scores = new Float64Array(L);
  const errors = new Float64Array(L);
  for (let j = 0; j < L; j++) {
    let [dot, magnitude] = [0, 0];
    for (let d = 0; d < D; d++) {
      const product = qkv[at(i, 0) + d] * qkv[at(j, 1) + d];
      dot += product;
      magnitude += Math.abs(product);
    }
    scores[j] = dot * scale;
    errors[j] = sums(D) * magnitude * scale + D * TINY;
  }
  const top = scores.reduce((a, b) => Math.max(a, b));
  const worst = errors.reduce((a, b) => Math.max(a, b));
  const weights = scores.map((s) => Math.exp(s - top));
  // kernels that take keys by the block scale what they have by another exponential for each block that follows
  const exponentials = EXP_ULPS + (Math.ceil(L / KEYS) - 1) * (EXP_ULPS + 1);
  // exponent: score and maximum each with its error, the difference, the scale and their product rounded
  const relative = scores.map((s, j) => Math.expm1(errors[j] + worst + 4 * U * (top - s + worst)) + exponentials * U);
  const total = weights.reduce((a, b) => a + b, 0);
  const totalError = weights.reduce((sum, w, j) => sum + w * relative[j], 0) / total + sums(L);
  const floor = Math.exp(-87) / total;
  for (let d = 0; d < D; d++) {
    let bound = 0;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let j = 0; j < L; j++) {
      const w = weights[j] / total;
      const value = qkv[at(j, 2) + d];
      const weightError = w * (relative[j] + totalError + 4 * U) * 1.01 + floor;
      bound += (weightError + sums(L) * w) * Math.abs(value);
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    // however wrong the scores: weights are not negative and add up to 1, but for rounding of their sum, the quotient and the mix
    const between = high - low + (2 * sums(L) + 6 * U) * 1.01 * Math.max(-low, high);
    out[d] = Math.min(bound, between) + L * TINY;
  }
}

const exact = (_: AnyCall, __: Arrays, y: Float64Array) => new Float64Array(y.length);
const rounded = (magnitudes: Float64Array, d: number, sums: SumError) =>
  magnitudes.map((magnitude) => sums(d) * magnitude + d * TINY);

const bounds: { readonly [K in OpName]: Bound<K> } = {
  patches: exact,
  patchTokens: exact,
  classToken: exact,
  featmap: exact,
  linear: (call, inputs, _, sums) => linearBound(call, inputs, sums),
  linearGelu,
  linearAdd: (call, inputs, y, sums) =>
    linearBound(call, inputs, sums).map((e, i) => e + EITHER_WAY * U * (Math.abs(y[i]) + e) + TINY),
  gelu: (_, [x]) => x.map((v) => GELU_ULPS * U * Math.abs(v) + 20 * TINY),
  add: (_, __, y, sums) => rounded(abs(y), EITHER_WAY, sums),
  layerNorm,
  attention,
  maskTokens: (call, [x, mask, token], _, sums) => rounded(evaluate(call, [abs(x), mask, abs(token)]), 4, sums),
  tokens: (_, __, y, sums) => rounded(abs(y), EITHER_WAY, sums),
  resizePos: (call, [pos], y, sums) => {
    // the sixteen weights of a position add up to at most (1.5625)^2 in magnitude
    const top = abs(pos).reduce((a, b) => Math.max(a, b), 0);
    return y.map((_, i) => (i < call.output.shape[2] ? 0 : sums(18) * 2.45 * top + 18 * TINY));
  },
  meanTokens: (call, [x], _, sums) => rounded(evaluate(call, [abs(x)]), call.inputs[0].shape[1], sums),
  // terms are not negative, so errors are relative: of a difference, its square, the sums over F and over tokens; the count is exact
  maskedMse: (call, _, [sum], sums) => {
    const [B, N, F] = call.inputs[0].shape;
    return Float64Array.of((sums(F) + sums(B * N) + 6 * U) * sum + B * N * F * TINY, 0);
  },
};

/** For each element of the call's output, the largest error of a correct f32 kernel. */
export function errorBound(
  call: AnyCall,
  inputs: Arrays,
  output: Float64Array,
  sums: SumError = probable,
): Float64Array {
  const bound = (bounds[call.op] as Bound<OpName>)(call, inputs, output, sums);
  if (bound.length !== size(call.output.shape)) throw new Error(`${call.op}: a bound for each element is needed`);
  return bound;
}

/** Half a step, and what rounding the step itself adds for the 127th of them. */
const HALF_STEP = 0.5 + 2 ** -14;
/** Rows whose largest magnitude is below this count as zero (assembly/nn/int8.ts). */
const COUNTS_AS_ZERO = 1e-30;

/**
 * What 8-bit integers add: each factor is off by half a step of its row, whose step is its largest magnitude over 127, and the integers'
 * sum, which is exact, is scaled with four roundings. Zero where every row is a multiple of its step. Undefined for calls that multiply no
 * matrices.
 */
export function integerBound(call: AnyCall, [x, w, b]: Arrays): Float64Array | undefined {
  if (call.op !== "linear" && call.op !== "linearGelu" && call.op !== "linearAdd") return undefined;
  const [n, k] = [call.inputs[1].shape[0], fanIn(call.inputs[1].shape)];
  const rows = (values: Float64Array) => Array.from({ length: values.length / k }, (_, r) => stepsOf(values, r * k, k));
  const [xs, ws] = [rows(x), rows(w)];
  const magnitude = linearMagnitude(call as Call<"linear">, [x, w, b]);
  const slope = call.op === "linearGelu" ? GELU_SLOPE : 1;
  return magnitude.map((all, i) => {
    const [row, column] = [xs[Math.floor(i / n)], ws[i % n]];
    const error = row.error * column.sum + row.sum * column.error + k * row.error * column.error;
    return slope * (error + 4 * U * (all + error) + TINY);
  });
}

/** The sum of magnitudes of a row, and how far each of its numbers may be from what stands for it. */
function stepsOf(values: Float64Array, from: number, k: number): { sum: number; error: number } {
  const row = abs(values.subarray(from, from + k));
  const top = row.reduce((a, b) => Math.max(a, b), 0);
  const step = top / 127;
  const isWhole = row.every((v) => v === Math.round(v / step) * step);
  const error = top < COUNTS_AS_ZERO ? top : isWhole ? 0 : HALF_STEP * step;
  return { sum: row.reduce((a, b) => a + b, 0), error };
}
