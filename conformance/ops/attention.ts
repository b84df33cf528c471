/** Multi-head self-attention: softmax(q k^T / sqrt(D)) v. */

import { packedHeads } from "../../gpu/ops/attention.js";
import type { Measured } from "../case.js";
import { everyNegative, formatOf, spread } from "../points.js";
import { measure } from "../score.js";
import {
  type Arrays,
  type Asked,
  bench,
  casesOf,
  definition,
  full,
  type Groups,
  type Mutants,
  narrowed,
  type OpCall,
  onDevice,
  op,
  quick,
  type SumError,
  soft,
  sumOf,
  TINY,
  U,
  without,
} from "./define.js";

interface Attrs {
  readonly heads: number;
  readonly width: number;
  readonly offsets: readonly [number, number, number];
}

/** exp's own error in units of u: the accuracy that the kernels declare. */
const EXP_ULPS = 2;
/** The fewest keys that a kernel takes at a time. */
const KEYS = 64;

/**
 * [B, L, heads, D] of rows [q|k|v]. WASM takes 96 queries at a time, and sums 128 terms by themselves; WebGPU 16 queries, 64 keys, and in
 * vectors of four up to 128 columns of a head, 64 at a time.
 */
// biome-ignore format: a line for each group
const sequences: Groups = [
  [onDevice, [[1, 13, 3, 11], [1, 67, 2, 64]]],
  [soft, [
    [1, 1, 1, 1], [2, 3, 2, 5], [1, 12, 1, 12], [2, 65, 1, 16], [1, 9, 1, 68], [1, 67, 1, 128], [1, 17, 2, 65], [2, 15, 1, 63], [1, 9, 1, 132],
    [3, 197, 3, 8], [1, 130, 1, 66], [1, 130, 1, 80],
  ]],
  [{ ...soft, kinds: ["spread", "oneHot"] }, [[1, 37, 2, 12]]],
  // scores so far apart that zeros would lie within the bound are left to level full
  [{ ...quick, kinds: ["uniform", "cancelling"] }, [[1, 2, 1, 4]]],
  [quick, [
    [1, 16, 2, 32], [1, 64, 1, 4], [1, 96, 1, 8], [1, 97, 1, 8], [1, 197, 1, 64], [1, 70, 1, 100], [1, 129, 1, 130],
    [1, 1, 65537, 4], [2, 33, 2, 128], [1, 70, 2, 72], [1, 65, 1, 96],
  ]],
  [full, [
    [1, 4, 4, 4], [2, 15, 2, 20], [1, 17, 3, 64], [1, 31, 2, 24], [1, 33, 1, 28], [4, 5, 2, 3], [1, 64, 4, 12], [1, 128, 2, 8], [1, 257, 1, 16],
    [2, 50, 6, 64], [1, 577, 1, 8],
  ]],
  // ViT-H at 224 pixels, MViT, and the patches of 560 x 592 pixels
  [{ ...full, kinds: ["uniform"], only: true }, [[1, 257, 1, 80], [1, 393, 1, 72], [1, 785, 1, 96], [1, 1296, 1, 12], [1, 300, 1, 66]]],
  [bench, [[1, 197, 12, 64]]],
];

/** [B, queries, keys, heads, D] of rows of their own. */
// biome-ignore format: a line for each group
const crossed: Groups = [
  [onDevice, [[2, 5, 67, 2, 8]]],
  [quick, [[1, 17, 3, 1, 4], [1, 3, 100, 2, 96], [1, 1, 65, 2, 68]]],
  [{ ...quick, kinds: ["uniform", "spread"] }, [[2, 65, 5, 1, 7]]],
  [full, [[2, 196, 49, 2, 96], [1, 49, 196, 1, 72]]],
];

/** Where the D elements of a token's query (0), key (1) or value (2) begin. */
type At = (l: number, part: number) => number;

/** Does `row` for each query of each head: of image b, token i, and where its output begins. */
function eachQuery(
  { inputs, attrs: { heads, width: D, offsets } }: OpCall<Attrs>,
  row: (at: At, i: number, out: number, L: number, D: number) => void,
) {
  const [B, queries] = inputs[0].shape;
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < heads; h++) {
      const at = (l: number, part: number) => {
        const [, L, W] = inputs[part].shape;
        return (b * L + l) * W + offsets[part] + h * D;
      };
      for (let i = 0; i < queries; i++) row(at, i, ((b * queries + i) * heads + h) * D, inputs[1].shape[1], D);
    }
  }
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

/** One query's bound: scores with their errors, the softmax, the mix of values. */
function rowBound([q, k, v]: Arrays, at: At, i: number, L: number, D: number, sums: SumError, out: Float64Array): void {
  const scale = 1 / Math.sqrt(D);
  const scores = new Float64Array(L);
  const errors = new Float64Array(L);
  for (let j = 0; j < L; j++) {
    let [dot, magnitude] = [0, 0];
    for (let d = 0; d < D; d++) {
      const product = q[at(i, 0) + d] * k[at(j, 1) + d];
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
      const value = v[at(j, 2) + d];
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

// exp, through a softmax

const D = 4;
/** Rows that one workgroup computes: points side by side, so that a software GPU starts few of them. */
const L = 16;
/** A score beside which 0 has all the weight. */
const FAR = -1e4;

/** Through a softmax over the scores 0 and t <= 0, whose values are 0 and 1: e^t / (1 + e^t). All other scores are far below. */
async function softmaxOf(on: Asked<Attrs>, t: Float32Array): Promise<Float32Array> {
  const B = Math.ceil(t.length / L);
  const qkv = new Float32Array(B * L * 3 * D);
  for (let i = 0; i < B * L; i++) {
    const [token, key, value] = [i * 3 * D, i * 3 * D + D, i * 3 * D + 2 * D];
    // q = sqrt(D) (t, FAR, 0, 0), keys (0, 0), (1, 0), (0, 1) ..., so that the scores are 0, t, FAR ... exactly
    qkv[token] = (t[i] ?? 0) * Math.sqrt(D);
    qkv[token + 1] = FAR * Math.sqrt(D);
    qkv[key] = Number(i % L === 1);
    qkv[key + 1] = Number(i % L > 1);
    qkv[value] = Number(i % L === 1);
  }
  const rows = [B, L, 3 * D];
  const [output] = await on.run([rows, rows, rows], packedHeads(1, D), [qkv, qkv, qkv]);
  return t.map((_, i) => output[i * D]);
}

/**
 * e^t costs 2 units and what rounding the exponent does, 4 u |t|; the sum and the quotient 5 units more. e^t below e^-87 may be flushed.
 */
function softmaxBound(t: number): number {
  const floor = Math.exp(-87) + TINY;
  const e = Math.exp(t);
  return e === 0 ? floor : (e / (1 + e)) * (Math.expm1(4 * U * Math.abs(t)) + 8 * U) + floor;
}

async function exp(on: Asked<Attrs>, t: Float32Array): Promise<Measured> {
  const exact = Float64Array.from(t, (v) => Math.exp(v) / (1 + Math.exp(v)));
  const bound = Float64Array.from(t, softmaxBound);
  return measure(await softmaxOf(on, t), exact, on.device.numberBytes === 2 ? narrowed(exact, bound) : bound);
}

const largestOf = ({ device }: Asked<Attrs>) => formatOf(device).largest;

const points = (name: string, scope: "quick" | "full", high: number, low: number, count?: number) => ({
  id: `C1/exp/${name}`,
  scope,
  boundKind: "closed" as const,
  // q = t sqrt(D) is stored
  ask: (on: Asked<Attrs>) => exp(on, spread(on.device, high, Math.max(low, -largestOf(on) / Math.sqrt(D)), count)),
});

export const attention = op<Attrs>({
  evaluate(call, [q, k, v]) {
    const [{ shape: rows }, { shape: keys }] = call.inputs;
    const y = new Float64Array(rows[0] * rows[1] * call.attrs.heads * call.attrs.width);
    const scores = new Float64Array(keys[1]);
    eachQuery(call, (at, i, out, L, D) => {
      for (let j = 0; j < L; j++) {
        let dot = 0;
        for (let d = 0; d < D; d++) dot += q[at(i, 0) + d] * k[at(j, 1) + d];
        scores[j] = dot / Math.sqrt(D);
      }
      softmax(scores);
      for (let j = 0; j < L; j++) for (let d = 0; d < D; d++) y[out + d] += scores[j] * v[at(j, 2) + d];
    });
    return [y];
  },
  bound(call, inputs, [y], sums) {
    const bound = new Float64Array(y.length);
    eachQuery(call, (at, i, out, L, D) => rowBound(inputs, at, i, L, D, sums, bound.subarray(out)));
    return [bound];
  },
  kinds: without("opposite", "large", "offset"),
  largest: ({ attrs }, limit) => Math.sqrt(limit / attrs.width),
  // every query and output once, every key and value once for each 4 queries
  leastElements({ inputs: [{ shape: rows }, { shape: keys }], attrs: { heads, width } }, { file }) {
    const [B, queries] = rows;
    const together = file.name === "attention" ? 4 : 1;
    return 2 * B * heads * width * (queries + keys[1] * Math.ceil(queries / together));
  },
  batched: [0, 1, 2],
  cases: [
    ...casesOf<Attrs>(sequences, ([B, L, heads, D]) => {
      const rows = [B, L, 3 * heads * D];
      return { shapes: [rows, rows, rows], attrs: packedHeads(heads, heads * D) };
    }),
    ...casesOf<Attrs>(crossed, ([B, LQ, LK, heads, D]) => {
      const keys = [B, LK, heads * D];
      return { shapes: [[B, LQ, heads * D], keys, keys], attrs: { heads, width: D, offsets: [0, 0, 0] } };
    }),
  ],
  questions: [
    points("-104 to -2^-20", "quick", -(2 ** -20), -104),
    points("near 0", "quick", -(2 ** -149), -(2 ** -20)),
    points("far below 0", "quick", -104, -1e30),
    points("2^20 points", "full", -(2 ** -30), -104, 2 ** 20),
    {
      // beyond, q = t sqrt(D) is no f32 number
      id: "C1/exp/every negative number to -1e38",
      scope: "exhaustive",
      boundKind: "closed",
      ask: (on) => everyNegative((t) => exp(on, t), -1e38),
    },
  ],
});

/** With p the softmax of a query's scores: dv = p dy, and of the score of key j, p_j (dy v_j - the sum over all keys of p dy v). */
export const attentionGrad = definition<Attrs>({
  evaluate({ inputs: [, q, ...rest], attrs }, [dy, ...given]) {
    // without keys and values, queries hold them too
    const rows = [q, rest[0] ?? q, rest[1] ?? q];
    const parts = [given[0], given[1] ?? given[0], given[2] ?? given[0]];
    const outputs = given.map((x) => new Float64Array(x.length));
    const [dq, dk, dv] = [outputs[0], outputs[1] ?? outputs[0], outputs[2] ?? outputs[0]];
    const [Q, K, V] = parts;
    eachQuery({ inputs: rows, attrs }, (at, i, out, L, D) => {
      const dot = (a: Float64Array, from: number, b: Float64Array, to: number) =>
        sumOf(D, (d) => a[from + d] * b[to + d]);
      const p = Float64Array.from({ length: L }, (_, j) => dot(Q, at(i, 0), K, at(j, 1)) / Math.sqrt(D));
      softmax(p);
      const dp = p.map((_, j) => dot(dy, out, V, at(j, 2)));
      const mean = dp.reduce((sum, x, j) => sum + p[j] * x, 0);
      for (let j = 0; j < L; j++) {
        const ds = (p[j] * (dp[j] - mean)) / Math.sqrt(D);
        for (let d = 0; d < D; d++) {
          dv[at(j, 2) + d] += p[j] * dy[out + d];
          dq[at(i, 0) + d] += ds * K[at(j, 1) + d];
          dk[at(j, 1) + d] += ds * Q[at(i, 0) + d];
        }
      }
    });
    return outputs;
  },
});

export const mutants: Mutants = {
  cases: "C2/attention/*",
  files: {
    "gpu/ops/lib/exp.wgsl": [
      [
        "the second part of ln 2 is left out",
        "let r = (a - n * 0.693359375) + n * 2.1219444e-4;",
        "let r = a - n * 0.693359375;",
        { cases: "C1/exp/*" },
      ],
    ],
    "assembly/nn/lib/math.ts": [["exp: a degree too few", "0.001381461275741458", "0.0", { cases: "C1/exp/*" }]],
    "assembly/nn/attention.ts": [
      [
        "heads are swapped",
        "y + row * ldy + column, ldy)",
        "y + row * ldy + ((<usize>((heads - 1 - (head % heads)) * D)) << 2), ldy)",
      ],
      [
        "a wrong scale for heads of 80",
        "const scale = <f32>(1.0 / Math.sqrt(<f64>D));",
        "const scale = <f32>(1.0 / Math.sqrt(<f64>(D == 80 ? 64 : D)));",
        { cases: "C2/attention/[1,130,240]*" },
      ],
      [
        "a wrong scale for heads beyond 64 and more than 96 keys",
        "const scale = <f32>(1.0 / Math.sqrt(<f64>D));",
        "const scale = <f32>(1.0 / Math.sqrt(<f64>(D > 64 && LK > 96 ? 64 : D)));",
        { cases: "C2/attention/[1,130,198]*" },
      ],
      [
        "keys from 128 on are left out on WASM",
        "s < k; s += SUM",
        "s < min(k, SUM); s += SUM",
        { cases: "C2/attention/[1,130,240]*" },
      ],
      [
        "the denominator is that of the last 128 keys",
        "total1 = f32x4.add(total1, part1);",
        "total1 = part1;",
        { cases: "C2/attention/[1,130,240]*" },
      ],
      ["not divided by sqrt(D)", "const scale = <f32>(1.0 / Math.sqrt(<f64>D));", "const scale: f32 = 1;"],
      [
        "the maximum is not subtracted",
        "top0 = f32x4.pmax(v128.load(p), top0);",
        "top0 = f32x4.splat(0);",
        { cases: "C2/attention/[1,37,72]*", quick: true },
      ],
      [
        "the padding is counted in the denominator",
        "const end = scores + <usize>(L * NR) * 4;",
        "const end = scores + <usize>(tiled(L) * NR) * 4;",
      ],
      ["what scratch memory held before is added", "  memory.fill(to, 0, <usize>(tiled(m) * NR) * 4);\n", ""],
      ["elements of a head beyond 64 are left out", "product(keys, LK, D,", "product(keys, LK, min(D, 64),"],
      [
        "there are as many keys as queries",
        "softmax(scores + ((<usize>lane) << 2), LK,",
        "softmax(scores + ((<usize>lane) << 2), LQ,",
      ],
    ],
    "gpu/ops/attention.wgsl": [
      [
        "keys from 128 on are left out",
        "key0 < LK; key0 += KEYS) {\n    let key =",
        "key0 < min(LK, 128u); key0 += KEYS) {\n    let key =",
        { cases: "C2/attention/[1,130,240]*" },
      ],
      [
        "a wrong scale for heads of 80 on WebGPU",
        "let scale = 1.0 / sqrt(f32(D));",
        "let scale = 1.0 / sqrt(f32(select(D, 64u, D == 80u)));",
        { cases: "C2/attention/[1,130,240]*" },
      ],
      [
        "keys are read where queries lie",
        "* WK + K + head * D) / 4u;",
        "* WK + Q + head * D) / 4u;",
        { cases: "C2/attention/[1,12,36]*" },
      ],
      [
        "values are those of another head",
        "* WV + V + head * D) / 4u + d]",
        "* WV + V + (HEADS - 1u - head) * D) / 4u + d]",
        { cases: "C2/attention/[1,37,72]*" },
      ],
      [
        "the last keys are skipped",
        "key0 < LK; key0 += KEYS) {\n    let key =",
        "key0 + 1u < LK; key0 += KEYS) {\n    let key =",
        { cases: "C2/attention/[2,65,48]*" },
      ],
      [
        "a larger score does not scale down what came before",
        "let kept = expOf((top - higher) * scale);",
        "let kept = vec4<f32>(1.0);",
        { cases: "C2/attention/[2,65,48]*" },
      ],
      [
        "the denominator is that of the first query",
        "sums[1] / total.y",
        "sums[1] / total.x",
        { cases: "C2/attention/[1,12,36]*" },
      ],
      [
        "columns beyond 64 do not scale down what came before",
        "mixed(scaled(farSums, kept),",
        "mixed(farSums,",
        { cases: "C2/attention/[1,67,384]*" },
      ],
    ],
    "gpu/ops/attention_any.wgsl": [
      [
        "keys from 128 on are left out for widths that are no multiple of 4",
        "for (var j = 0u; j < LK; j++) {\n    let w =",
        "for (var j = 0u; j < min(LK, 128u); j++) {\n    let w =",
        { cases: "C2/attention/[1,130,198]*" },
      ],
      [
        "keys beyond 13 are left out",
        "for (var j = 0u; j < LK; j++) {\n    let w =",
        "for (var j = 0u; j < min(LK, 13u); j++) {\n    let w =",
        { cases: "C2/attention/[1,17,390]*" },
      ],
      [
        "elements beyond 64 are those of the first",
        "V + head * D + d0;",
        "V + head * D;",
        { cases: "C2/attention/[1,17,390]*" },
      ],
    ],
  },
};
