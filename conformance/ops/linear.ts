/** x W^T + b, with nothing, gelu, or the addition of a residual behind it. */

import { fanIn } from "../../gpu/graph/op.js";
import { formatOf } from "../points.js";
import { sameNumbers } from "../score.js";
import {
  type Arrays,
  abs,
  bench,
  type Dims,
  type Dispatched,
  definition,
  EITHER_WAY,
  full,
  type Mutants,
  type OpCall,
  type OpCase,
  onDevice,
  op,
  type Question,
  quick,
  type SumError,
  size,
  soft,
  softAllKinds,
  TINY,
  U,
  type Where,
} from "./define.js";
import { GELU_SLOPE, geluError, geluOf } from "./gelu.js";

/**
 * [rows, depth, columns], by where the plain product is tried, and where those with something behind it are. Tiles: WASM 4 or 6 x 8 or 16,
 * sums of 128 in blocks of 768, panels in runs of 200 rows; WebGPU 32 x 32 x 16, squares of 64, sums of 128.
 */
// biome-ignore format: a line for each group
const products: readonly (readonly [Where, Where, readonly Dims[]])[] = [
  [onDevice, onDevice, [[33, 36, 40]]],
  [onDevice, soft, [[4, 8, 8], [4, 13, 13]]],
  [onDevice, quick, [[65, 64, 68], [7, 13, 11]]],
  [softAllKinds, quick, [[5, 101, 17]]],
  // more terms than a model has
  [onDevice, full, [[3, 4100, 8]]],
  // the last ones: enough work for squares of 64 x 64 outputs, and for several slices of columns; more terms than a model has
  [soft, full, [[1, 1, 1], [397, 5, 3], [197, 64, 108], [1025, 20, 1028], [2, 4099, 5]]],
  [quick, quick, [[2, 3, 5], [3, 12, 12], [5, 9, 9], [7, 767, 7], [5, 7, 228], [5, 768, 24], [6, 769, 25], [31, 1537, 10], [199, 33, 37]]],
  [quick, full, [
    [1, 4096, 4], [4, 127, 9], [4, 128, 8], [5, 129, 8], [200, 8, 4], [201, 8, 4], [64, 16, 256], [8, 16, 260], [198, 1024, 400], [197, 192, 576],
    [1, 768, 1000],
  ]],
  [full, full, [
    [1, 2, 3], [1, 48, 10], [1, 64, 4], [1, 3072, 8], [2, 4, 4], [2, 768, 108], [3, 5, 7], [3, 16, 33], [4, 16, 31], [4, 32, 32],
    [5, 31, 64], [7, 11, 13], [7, 48, 144], [8, 1, 8], [8, 15, 8], [8, 17, 8], [9, 100, 4], [11, 64, 65], [13, 1536, 12], [16, 16, 16],
    [17, 1023, 5], [17, 1025, 5], [31, 31, 31], [31, 32, 32], [32, 32, 32], [33, 33, 33], [37, 64, 96], [49, 96, 48], [50, 384, 96], [63, 20, 63],
    [64, 64, 64], [65, 65, 65], [96, 48, 96], [127, 7, 129], [128, 128, 16], [130, 15, 129], [196, 48, 48], [197, 48, 144], [197, 768, 32],
    [257, 4, 260], [577, 16, 64], [1, 1536, 384],
  ]],
];

type Epilogue = "gelu" | "residual";
type Attrs = { epilogue?: Epilogue };

/** Terms of a product: the fan-in of the weight [N, ...]. */
const depthOf = ({ inputs: [, weight] }: OpCall<Attrs>) => size(weight.shape.slice(1));

/** x [M,K] times w [N,K] transposed, plus bias. Four rows at a time share the reads of w; the last ones may be computed twice. */
function product(call: OpCall<Attrs>, [x, w, bias]: Arrays): Float64Array {
  const K = depthOf(call);
  const N = bias.length;
  const M = x.length / K;
  const y = new Float64Array(M * N);
  for (let m = 0; m < M; m += 4) {
    const rows = [m, m + 1, m + 2, m + 3].map((r) => Math.min(r, M - 1));
    const [x0, x1, x2, x3] = rows.map((r) => x.subarray(r * K, (r + 1) * K));
    for (let n = 0; n < N; n++) {
      const column = w.subarray(n * K, (n + 1) * K);
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
      y[rows[0] * N + n] = s0 + bias[n];
      y[rows[1] * N + n] = s1 + bias[n];
      y[rows[2] * N + n] = s2 + bias[n];
      y[rows[3] * N + n] = s3 + bias[n];
    }
  }
  return y;
}

/** |x| |w|^T + |b|: the same over magnitudes. */
const magnitudes = (call: OpCall<Attrs>, [x, w, b]: Arrays) => product(call, [abs(x), abs(w), abs(b)]);

function productBound(call: OpCall<Attrs>, inputs: Arrays, sums: SumError): Float64Array {
  const d = depthOf(call) + 1;
  return magnitudes(call, inputs).map((magnitude) => sums(d) * magnitude + d * TINY);
}

/** What 8 bits hold. */
const LARGEST = 127;
/** The largest multiple of it that an input may become: sums of k products stay within 32 bits (assembly/nn/linear_int8.ts). */
const largestInput = (k: number) =>
  LARGEST * 2 ** Math.min(8, Math.max(0, Math.floor(Math.log2((2 ** 31 - 1) / (LARGEST ** 2 * k)))));
/** Rows whose largest magnitude is below this count as zero (assembly/nn/linear_int8.ts). */
const COUNTS_AS_ZERO = 1e-30;

/**
 * What integers add: each factor is off by half a step of its row, whose step is its largest magnitude over 127 (the weight) or over a
 * multiple of it (the input), and the integers' sum, which is exact, is scaled with four roundings. Zero where every row is a multiple of
 * its step.
 */
function integerBound(call: OpCall<Attrs>, inputs: Arrays, slope: number): Float64Array {
  const k = depthOf(call);
  const rows = (values: Float64Array, largest: number) =>
    Array.from({ length: values.length / k }, (_, r) => stepsOf(values.subarray(r * k, (r + 1) * k), largest));
  const [xs, ws] = [rows(inputs[0], largestInput(k)), rows(inputs[1], LARGEST)];
  return magnitudes(call, inputs).map((all, i) => {
    const [row, column] = [xs[Math.floor(i / ws.length)], ws[i % ws.length]];
    const error = row.error * column.sum + row.sum * column.error + k * row.error * column.error;
    return slope * (error + 4 * U * (all + error) + TINY);
  });
}

/** The sum of magnitudes of a row whose largest becomes `largest`, and how far each of its numbers may be from what stands for it. */
function stepsOf(values: Float64Array, largest: number): { sum: number; error: number } {
  const row = abs(values);
  const top = row.reduce((a, b) => Math.max(a, b), 0);
  const step = top / largest;
  const isWhole = row.every((v) => Math.abs(v / step - Math.round(v / step)) < 1e-9);
  // half a step, and what rounding the step itself adds for the last of them
  const error = top < COUNTS_AS_ZERO ? top : isWhole ? 0 : (0.5 + largest * 2 ** -21) * step;
  return { sum: row.reduce((a, b) => a + b, 0), error };
}

/** Every group of shapes without an epilogue, and with each of them. */
function allCases(): OpCase<Attrs>[] {
  const made = (where: Where, [m, k, n]: Dims, epilogue?: Epilogue): OpCase<Attrs> => ({
    ...where,
    shapes: [[m, k], [n, k], [n], ...(epilogue === "residual" ? [[m, n]] : [])],
    attrs: epilogue ? { epilogue } : {},
  });
  return [
    ...products.flatMap(([bare, others, all]) =>
      all.flatMap((dims) => [made(bare, dims), made(others, dims, "gelu"), made(others, dims, "residual")]),
    ),
    made(bench, [197, 768, 2304]),
    made({ ...bench, bench: "gelu" }, [197, 768, 3072], "gelu"),
    made({ ...bench, bench: "residual" }, [197, 3072, 768], "residual"),
  ];
}

/** x w + b in one rounding or in two; the result says which. */
const fused: Question<Attrs> = {
  id: "C0/arithmetic/multiply and add",
  scope: "quick",
  boundKind: "closed",
  async ask(on) {
    const shapes = [[64, 1], [1, 1], [1]];
    const x = Float32Array.from({ length: 64 }, (_, i) => 1 + (i + 1) * 2 ** -20);
    const inputs = [x, Float32Array.of(1 + 2 ** -10), Float32Array.of(-1)];
    const [actual] = await on.run(shapes, {}, inputs);
    const { stored } = formatOf(on.device);
    const once = actual.every((v, i) => v === stored(stored(x[i]) * inputs[1][0] - 1));
    const reason = once ? "fused multiply-add" : "product rounded, then the sum";
    return { ...(await on.measure(shapes, {}, inputs)), reason };
  },
};

/** NaN and infinities do not turn into numbers on their way; products of integers make NaN of an infinity. */
const survives = (name: string, scope: "quick" | "full", special: number): Question<Attrs> => ({
  id: `C0/arithmetic/${name}`,
  scope,
  boundKind: "exact",
  async ask(on) {
    const x = new Float32Array(32).fill(1).with(19, special);
    const inputs = [x, new Float32Array(32).fill(1), new Float32Array(4)];
    const [rows] = await on.run([[4, 8], [4, 8], [4]], {}, inputs);
    const answer = on.device.weights === "int8" ? Number.NaN : special;
    return sameNumbers(rows, new Float32Array(16).fill(8).fill(answer, 8, 12));
  },
});

/** Outputs of a tile: what a workgroup keeps in its memory, or an invocation in registers. */
function tileOf({ file, constants: { SIDE } }: Dispatched): readonly [rows: number, columns: number] {
  if (file.name === "linear_any") return [4, 4];
  if (file.name === "linear_direct") return [8, 8];
  const [, M, N] = /matrix (\d+) x (\d+)/.exec(file.name) ?? [];
  return [4 * (Number(M) || SIDE), 4 * (Number(N) || SIDE)];
}

export const linear = op<Attrs>({
  evaluate(call, inputs) {
    const y = product(call, inputs);
    if (call.attrs.epilogue === "gelu") return [y.map(geluOf)];
    return [call.attrs.epilogue === "residual" ? y.map((v, i) => v + inputs[3][i]) : y];
  },
  bound(call, inputs, [y], sums) {
    const bound = productBound(call, inputs, sums);
    if (call.attrs.epilogue === "gelu") {
      const z = product(call, inputs);
      return [bound.map((e, i) => GELU_SLOPE * e + geluError(Math.abs(z[i]) + e))];
    }
    if (call.attrs.epilogue !== "residual") return [bound];
    return [bound.map((e, i) => e + EITHER_WAY * U * (Math.abs(y[i]) + e) + TINY)];
  },
  integerBound: (call, inputs) => [integerBound(call, inputs, call.attrs.epilogue === "gelu" ? GELU_SLOPE : 1)],
  factors: [0, 1],
  // a sum of K products, a bias, a residual
  largest: (call, limit) => Math.sqrt(limit / (depthOf(call) + 2)),
  leastElements(call, dispatch) {
    const [{ shape: x }, { shape: weight }] = call.inputs;
    const [N, K] = [weight[0], depthOf(call)];
    const M = size(x) / K;
    const [rows, columns] = tileOf(dispatch);
    const [down, across] = [Math.ceil(M / rows), Math.ceil(N / columns)];
    const residual = call.attrs.epilogue === "residual" ? M * N : 0;
    return M * K * across + N * K * down + N * down + residual + M * N;
  },
  integers: ({ epilogue }) => (epilogue === "gelu" ? undefined : 3),
  batched: [0, 3],
  cases: allCases(),
  questions: [fused, survives("NaN", "quick", Number.NaN), survives("infinity", "full", Number.POSITIVE_INFINITY)],
});

export const linearGrad = definition({
  evaluate({ inputs }, [dy, x, weight]) {
    const [N, K] = [inputs[2].shape[0], fanIn(inputs[2].shape)];
    const [dx, dweight, dbias] = [x.length, N * K, N].map((length) => new Float64Array(length));
    for (let m = 0; m < dy.length / N; m++) {
      for (let n = 0; n < N; n++) {
        const d = dy[m * N + n];
        dbias[n] += d;
        for (let k = 0; k < K; k++) {
          dx[m * K + k] += d * weight[n * K + k];
          dweight[n * K + k] += d * x[m * K + k];
        }
      }
    }
    return [dx, dweight, dbias];
  },
});

export const mutants: Mutants = {
  cases: "C2/linear/*",
  files: {
    "gpu/ops/linear.ts": [
      [
        "the tail of a tile's columns is ignored",
        "runs(Math.ceil(N / columns), perStep(",
        "runs(Math.floor(N / columns), perStep(",
        { cases: "C0/integers/linear*", quick: true },
      ],
      [
        "the tail of a tile's rows is ignored",
        "Math.ceil(M / rows),\n];",
        "Math.max(1, Math.floor(M / rows)),\n];",
        { device: "webgpu", cases: "C2/linear/[33,36]*" },
      ],
    ],
    "assembly/nn/lib/math.ts": [
      [
        "NaN becomes a number",
        "v128.store(c, c0);",
        "v128.store(c, f32x4.pmax(f32x4.splat(-3.4e38), c0));",
        { cases: "C0/arithmetic/NaN" },
      ],
    ],
    "assembly/nn/lib/tile.ts": [
      [
        "the last term of K is dropped",
        "Tile(a, b, k, c, ld);",
        "Tile(a, b, k - 1, c, ld);",
        { times: 2, cases: "C2/linear/[5,101]*", quick: true },
      ],
    ],
    "assembly/nn/linear.ts": [
      [
        "in f16 every block of K has the weights of the first",
        "f16ToF32(panels + (panel << 1), wide,",
        "f16ToF32(panels + (<usize>(p * k) * NR << 1), wide,",
        { dtype: "f16" },
      ],
      [
        "the bias is skipped in half of the columns",
        "v128.load(bias + i)",
        "(i < 16 ? v128.load(bias + i) : f32x4.splat(0))",
      ],
      ["a block of K overwrites the one before", "if (k0 == 0) fillRows(", "if (k0 >= 0) fillRows("],
      [
        "terms beyond five blocks are left out",
        "k0 < k; k0 += KC) {\n      for (let p",
        "k0 < min(k, 5 * KC); k0 += KC) {\n      for (let p",
      ],
      [
        "the last term of more than 4,096 is dropped",
        "min(SUM, kc - s), c, ld);",
        "min(SUM, kc - s) - (done && k > 4096 && s + SUM >= kc ? 1 : 0), c, ld);",
        { cases: "C2/linear/[3,4100]*" },
      ],
      [
        "the residual of a row is the next one's",
        "addBlock(y + at, residual + at, ldy, live, cols)",
        "addBlock(y + at, residual + at + 4, ldy, live, cols)",
        { cases: "C2/linear/*epilogue residual/*" },
      ],
    ],
    "assembly/nn/linear_int8.ts": [
      [
        "the last pair of K is dropped",
        "const end = a + (count << 4);",
        "const end = a + ((count - 1) << 4);",
        { dtype: "int8", cases: "C2/linear/[5,101]*", quick: true },
      ],
      [
        "the last pair of more than 4,096 terms is dropped",
        "const end = a + (count << 4);",
        "const end = a + ((count - (count > 2048 ? 1 : 0)) << 4);",
        { dtype: "int8", cases: "C0/integers/linear [3,4100]*" },
      ],
      [
        "sums of many terms overflow",
        "return LARGEST * <f32>(1 << min(8, 31 - clz(room | 1)));",
        "return LARGEST * 256;",
        { dtype: "int8", scope: "full", cases: "C2/linear/[*,4096]*" },
      ],
      [
        "a row has the scale of its neighbour",
        "const row = v128.load32_splat(rowScale + ((<usize>r) << 2));",
        "const row = v128.load32_splat(rowScale + ((<usize>(r ^ 1)) << 2));",
        { dtype: "int8" },
      ],
    ],
    "gpu/ops/linear.wgsl": [
      [
        "the last slice of K is dropped",
        "k0 < K; k0 += DEPTH",
        "k0 + DEPTH < K; k0 += DEPTH",
        { cases: "C2/linear/[33,36]*" },
      ],
      [
        "terms beyond 4,096 are left out",
        "k0 < K; k0 += DEPTH",
        "k0 < min(K, 4096u); k0 += DEPTH",
        { cases: "C2/linear/[3,4100]*" },
      ],
      [
        "inputs are rounded to ten bits",
        "v = vec4<f32>(x[(row * K + k) / 4u]);",
        "v = bitcast<vec4<f32>>(bitcast<vec4<u32>>(x[(row * K + k) / 4u]) & vec4<u32>(0xffffe000u));",
        { cases: "C2/linear/[33,36]*" },
      ],
    ],
    "gpu/ops/linear_any.wgsl": [
      [
        "a row is read with the stride of the output",
        "let x1 = min(row + 1u, rows - 1u) * K;",
        "let x1 = min(row + 1u, rows - 1u) * N;",
        { cases: "C2/linear/[5,101]*/uniform" },
      ],
      [
        "terms beyond 4,096 are left out for widths that are no multiple of 4",
        "k < K; k++",
        "k < min(K, 4096u); k++",
        { cases: "C2/linear/[2,4099]*" },
      ],
      [
        "sums are kept in f16",
        "s0 += f32(x[x0 + k]) * w;",
        "s0 = quantizeToF16(s0 + f32(x[x0 + k]) * w);",
        { cases: "C2/linear/[5,101]*/uniform" },
      ],
    ],
    "gpu/ops/lib/block.wgsl": [
      [
        "gelu before the bias",
        "finish(sum + b, more)",
        "finish(sum, more) + b",
        { cases: "C2/linear/[33,36]*epilogue gelu/*" },
      ],
    ],
    "gpu/storage.ts": [
      [
        "the weight is not transposed",
        "transpose(weight.subarray(row), n, k, rows, width);",
        "rows.set(weight.subarray(row * width, row * width + rows.length));",
        { device: "webgpu", cases: "C2/linear/[33,36]*" },
      ],
    ],
  },
};
