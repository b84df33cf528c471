/**
 * Every op in float64, in plain TypeScript: the oracle of all devices. It reads like the definitions, not like a kernel.
 * Tensors are row-major `Float64Array`s; shapes are those of the op table (gpu/graph/ops.ts).
 */

import { fanIn, type OpName, patchGrid, size } from "../gpu/graph/ops.js";
import type { Plan } from "../gpu/graph/plan.js";
import type { AnyCall, Call, Value } from "../gpu/graph/tape.js";

type Evaluate<K extends OpName> = (call: Call<K>, inputs: readonly Float64Array[]) => Float64Array;

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

/** x [M,K] times w [N,K] transposed, plus bias. Four rows at a time share the reads of w; the last ones may be computed twice. */
function linear(call: Call<"linear"> | Call<"linearGelu"> | Call<"linearAdd">, [x, w, bias]: readonly Float64Array[]) {
  const K = fanIn(call.inputs[1].shape);
  const N = bias.length;
  const M = x.length / K;
  const y = new Float64Array(M * N);
  for (let n = 0; n < N; n++) {
    const column = w.subarray(n * K, (n + 1) * K);
    for (let m = 0; m < M; m += 4) {
      const rows = [m, m + 1, m + 2, m + 3].map((r) => Math.min(r, M - 1));
      const [x0, x1, x2, x3] = rows.map((r) => x.subarray(r * K, (r + 1) * K));
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = 0; k < K; k++) {
        const v = column[k];
        s0 += x0[k] * v;
        s1 += x1[k] * v;
        s2 += x2[k] * v;
        s3 += x3[k] * v;
      }
      const sums = [s0, s1, s2, s3];
      for (const [i, r] of rows.entries()) y[r * N + n] = sums[i] + bias[n];
    }
  }
  return y;
}

function softmax(scores: Float64Array): void {
  const top = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let total = 0;
  for (let i = 0; i < scores.length; i++) {
    scores[i] = Math.exp(scores[i] - top);
    total += scores[i];
  }
  for (let i = 0; i < scores.length; i++) scores[i] /= total;
}

const attention: Evaluate<"attention"> = (call, [qkv]) => {
  const [B, L, C] = call.output.shape;
  const D = C / call.attrs.heads;
  const y = new Float64Array(B * L * C);
  const scores = new Float64Array(L);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < call.attrs.heads; h++) {
      const at = (l: number, part: number) => (b * L + l) * 3 * C + part * C + h * D;
      for (let i = 0; i < L; i++) {
        for (let j = 0; j < L; j++) {
          let dot = 0;
          for (let d = 0; d < D; d++) dot += qkv[at(i, 0) + d] * qkv[at(j, 1) + d];
          scores[j] = dot / Math.sqrt(D);
        }
        softmax(scores);
        const out = (b * L + i) * C + h * D;
        for (let j = 0; j < L; j++) for (let d = 0; d < D; d++) y[out + d] += scores[j] * qkv[at(j, 2) + d];
      }
    }
  }
  return y;
};

const layerNorm: Evaluate<"layerNorm"> = (call, [x, weight, bias]) => {
  const C = weight.length;
  const y = new Float64Array(x.length);
  for (let r = 0; r < x.length; r += C) {
    const row = x.subarray(r, r + C);
    const mean = row.reduce((a, b) => a + b, 0) / C;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / C;
    for (let i = 0; i < C; i++)
      y[r + i] = ((row[i] - mean) / Math.sqrt(variance + call.attrs.eps)) * weight[i] + bias[i];
  }
  return y;
};

const patches: Evaluate<"patches"> = (call, [x]) => {
  const [B, , H, W] = call.inputs[0].shape;
  const P = call.attrs.patch;
  const [gh, gw] = patchGrid(H, W, P);
  const y = new Float64Array(size(call.output.shape));
  for (let i = 0; i < y.length; i++) {
    const [dx, dy, c] = [i % P, Math.floor(i / P) % P, Math.floor(i / (P * P)) % 3];
    const n = Math.floor(i / (3 * P * P));
    const [col, row, b] = [n % gw, Math.floor(n / gw) % gh, Math.floor(n / (gw * gh))];
    const [py, px] = [row * P + dy, col * P + dx];
    if (b < B && py < H && px < W) y[i] = x[((b * 3 + c) * H + py) * W + px];
  }
  return y;
};

/** Keys' cubic convolution kernel with A = -0.75. */
function cubic(d: number): number {
  const A = -0.75;
  const a = Math.abs(d);
  if (a >= 2) return 0;
  return a <= 1 ? (A + 2) * a ** 3 - (A + 3) * a ** 2 + 1 : A * (a ** 3 - 5 * a ** 2 + 8 * a - 4);
}

const resizePos: Evaluate<"resizePos"> = (call, [pos]) => {
  const [[h, w], [H, W]] = [call.attrs.from, call.attrs.to];
  const C = call.output.shape[2];
  const y = new Float64Array((1 + H * W) * C);
  y.set(pos.subarray(0, C));
  const clamp = (i: number, n: number) => Math.min(Math.max(i, 0), n - 1);
  for (let n = 0; n < H * W; n++) {
    const sy = ((Math.floor(n / W) + 0.5) * h) / H - 0.5;
    const sx = (((n % W) + 0.5) * w) / W - 0.5;
    for (let j = Math.floor(sy) - 1; j <= Math.floor(sy) + 2; j++) {
      for (let i = Math.floor(sx) - 1; i <= Math.floor(sx) + 2; i++) {
        const from = (1 + clamp(j, h) * w + clamp(i, w)) * C;
        for (let c = 0; c < C; c++) y[(1 + n) * C + c] += cubic(sy - j) * cubic(sx - i) * pos[from + c];
      }
    }
  }
  return y;
};

/** Fills a tensor of the call's output shape by `f(index of batch, token, channel)`. */
function byToken(shape: readonly number[], f: (b: number, l: number, c: number) => number): Float64Array {
  const [B, L, C] = shape;
  return Float64Array.from({ length: B * L * C }, (_, i) => f(Math.floor(i / (L * C)), Math.floor(i / C) % L, i % C));
}

const reference: { readonly [K in OpName]: Evaluate<K> } = {
  patches,
  linear,
  linearGelu: (call, inputs) => linear(call, inputs).map(geluOf),
  linearAdd: (call, inputs) => linear(call, inputs).map((v, i) => v + inputs[3][i]),
  gelu: (_, [x]) => x.map(geluOf),
  add: (_, [a, b]) => a.map((v, i) => v + b[i]),
  layerNorm,
  attention,
  maskTokens(call, [x, mask, token]) {
    const [, N, C] = call.output.shape;
    return byToken(call.output.shape, (b, n, c) => {
      const m = mask[b * N + n];
      return x[(b * N + n) * C + c] * (1 - m) + token[c] * m;
    });
  },
  tokens(call, [x, cls, pos]) {
    const [, L, C] = call.output.shape;
    return byToken(call.output.shape, (b, l, c) => {
      return (l === 0 ? cls[c] : x[(b * (L - 1) + l - 1) * C + c]) + pos[l * C + c];
    });
  },
  resizePos,
  patchTokens(call, [x]) {
    const [, N, C] = call.output.shape;
    return byToken(call.output.shape, (b, n, c) => x[(b * (N + 1) + n + 1) * C + c]);
  },
  classToken(call, [x]) {
    const [, L, C] = call.inputs[0].shape;
    return byToken([call.output.shape[0], 1, C], (b, _, c) => x[b * L * C + c]);
  },
  meanTokens(call, [x]) {
    const [B, L, C] = call.inputs[0].shape;
    return byToken([B, 1, C], (b, _, c) => {
      let sum = 0;
      for (let l = 1; l < L; l++) sum += x[(b * L + l) * C + c];
      return sum / (L - 1);
    });
  },
  featmap(call, [x]) {
    const [, L, C] = call.inputs[0].shape;
    return byToken([call.output.shape[0], C, L - 1], (b, c, n) => x[(b * L + n + 1) * C + c]);
  },
  maskedMse(call, [pred, target, mask]) {
    const F = call.inputs[0].shape[2];
    let sum = 0;
    for (let i = 0; i < pred.length; i++) sum += (mask[Math.floor(i / F)] * (pred[i] - target[i]) ** 2) / F;
    return Float64Array.of(
      sum,
      mask.reduce((a, b) => a + b, 0),
    );
  },
};

/** The output of one call in float64. */
export function evaluate(call: AnyCall, inputs: readonly Float64Array[]): Float64Array {
  return (reference[call.op] as Evaluate<OpName>)(call, inputs);
}

/**
 * Runs a whole plan in float64; `given` has the numbers of each of the plan's inputs and parameters, `stored` what remains of a call's result
 * where it is stored.
 */
export function runPlan(
  plan: Plan,
  given: (value: Value) => Float64Array,
  stored: (call: AnyCall, result: Float64Array) => Float64Array = (_, result) => result,
): Float64Array[] {
  const values = new Map<Value, Float64Array>(plan.given.map((value) => [value, given(value)]));
  const remaining = new Map<Value, number>();
  for (const value of [...plan.calls.flatMap((call) => call.inputs), ...plan.outputs]) {
    remaining.set(value, (remaining.get(value) ?? 0) + 1);
  }
  const take = (value: Value): Float64Array => {
    const left = (remaining.get(value) as number) - 1;
    remaining.set(value, left);
    const data = values.get(value) as Float64Array;
    if (left === 0) values.delete(value);
    return data;
  };
  for (const call of plan.calls) values.set(call.output, stored(call, evaluate(call, call.inputs.map(take))));
  return plan.outputs.map((value) => values.get(value) as Float64Array);
}
