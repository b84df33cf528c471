/** (x - mean) / sqrt(variance + eps) * weight + bias of each row. */

import { spread } from "../points.js";
import {
  bench,
  casesOf,
  definition,
  full,
  type Groups,
  type Mutants,
  onDevice,
  op,
  quick,
  soft,
  softAllKinds,
  TINY,
  U,
  without,
} from "./define.js";

/** Rows, and their length. WebGPU sums a row by 64 invocations, and keeps 2,048 numbers of it. */
// biome-ignore format: a line for each group
const rows: Groups = [
  [onDevice, [[5, 193]]],
  [soft, [[5, 1], [5, 5], [5, 768], [2, 2048], [2, 2051]]],
  [softAllKinds, [[3, 101]]],
  [quick, [[5, 2], [5, 3], [5, 4], [5, 7], [5, 48], [2, 63], [2, 64], [2, 65], [197, 192], [65537, 2]]],
  [full, [[1, 1024], [3, 127], [3, 256], [7, 384], [1, 1536], [1, 3072], [9, 31], [64, 16]]],
  [bench, [[197, 768]]],
];

export const layerNorm = op<{ eps: number }>({
  evaluate({ attrs }, [x, weight, bias]) {
    const C = weight.length;
    const y = new Float64Array(x.length);
    for (let r = 0; r < x.length; r += C) {
      const row = x.subarray(r, r + C);
      const mean = row.reduce((a, b) => a + b, 0) / C;
      const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / C;
      for (let i = 0; i < C; i++) y[r + i] = ((row[i] - mean) / Math.sqrt(variance + attrs.eps)) * weight[i] + bias[i];
    }
    return [y];
  },
  bound({ attrs }, [x, weight, bias], _, sumsOf) {
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
      const a = variance + attrs.eps;
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
    return [out];
  },
  kinds: without("opposite"),
  // no number of a row is further from its mean than the square root of C deviations
  largest: ({ inputs: [x] }, limit) => limit / (1 + Math.sqrt(x.shape.at(-1) as number)),
  batched: [0],
  cases: casesOf(rows, ([M, C]) => ({ shapes: [[M, C], [C], [C]], attrs: { eps: 1e-6 } })),
  questions: [
    {
      id: "C1/inverse square root",
      scope: "quick",
      boundKind: "closed",
      /** Rows (a, -a, a, -a): their mean is 0 and their variance a^2, exactly, so that what is left is 1 / sqrt(a^2 + eps). */
      ask(on) {
        const a = spread(on.device, 2 ** -30, 2 ** 40, 2 ** 12);
        const rows = new Float32Array(4 * a.length).map((_, i) => (i % 2 ? -1 : 1) * a[i >> 2]);
        const inputs = [rows, new Float32Array(4).fill(1), new Float32Array(4)];
        return on.measure([[a.length, 4], [4], [4]], { eps: 1e-6 }, inputs);
      },
    },
  ],
});

/** With x' = (x - mean) / deviation and g = dy weight: dx = (g - mean(g) - x' mean(g x')) / deviation. */
export const layerNormGrad = definition<{ eps: number }>({
  evaluate({ attrs }, [dy, x, weight]) {
    const C = weight.length;
    const [dx, dweight, dbias] = [x.length, C, C].map((length) => new Float64Array(length));
    const meanOf = (row: Float64Array) => row.reduce((a, b) => a + b, 0) / C;
    for (let r = 0; r < x.length; r += C) {
      const row = x.subarray(r, r + C);
      const mean = meanOf(row);
      const deviation = Math.sqrt(meanOf(row.map((v) => (v - mean) ** 2)) + attrs.eps);
      const normal = row.map((v) => (v - mean) / deviation);
      const g = weight.map((w, i) => w * dy[r + i]);
      const [gMean, along] = [meanOf(g), meanOf(g.map((v, i) => v * normal[i]))];
      for (let i = 0; i < C; i++) {
        dx[r + i] = (g[i] - gMean - normal[i] * along) / deviation;
        dweight[i] += dy[r + i] * normal[i];
        dbias[i] += dy[r + i];
      }
    }
    return [dx, dweight, dbias];
  },
});

export const mutants: Mutants = {
  cases: "C2/layerNorm/*",
  files: {
    "gpu/ops/layer_norm.wgsl": [
      [
        "eps is added to the deviation",
        "1.0 / sqrt(sumOver(index, squares) / f32(C) + EPS);",
        "1.0 / (sqrt(sumOver(index, squares) / f32(C)) + EPS);",
        { cases: "C1/inverse square root" },
      ],
      [
        "the variance as the mean of squares less the square of the mean",
        `    let d = numberAt(row, c) - mean;
    squares += d * d;
  }
  let inverse = 1.0 / sqrt(sumOver(index, squares) / f32(C) + EPS);`,
        `    let d = numberAt(row, c);
    squares += d * d;
  }
  let inverse = 1.0 / sqrt(max(0.0, sumOver(index, squares) / f32(C) - mean * mean) + EPS);`,
        { cases: "C2/layerNorm/[3,101]*" },
      ],
      [
        "the workgroup's sum is read before it is there: a barrier is missing",
        "  partial[index] = value;\n  workgroupBarrier();",
        "  partial[index] = value;",
        { cases: "C2/layerNorm/[5,193]*" },
      ],
      [
        "what is not kept of a row is that of the first",
        "return f32(x[row + c]);",
        "return f32(x[c]);",
        { cases: "C2/layerNorm/[2,2051]*" },
      ],
    ],
    "gpu/ops/layer_norm.ts": [["eps 1e-5", "f32(attrs.eps)", "f32(1e-5)", { quick: true }]],
    "assembly/nn/layer_norm.ts": [
      ["the variance of n - 1", "Mathf.sqrt(sum / <f32>C + eps)", "Mathf.sqrt(sum / <f32>max(1, C - 1) + eps)"],
      [
        "the variance without the mean",
        "const d = f32x4.sub(v128.load(row + i), shift);\n",
        "const d = v128.load(row + i);\n",
      ],
    ],
  },
};
