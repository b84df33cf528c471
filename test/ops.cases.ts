/** One table of op cases: shapes of 1, primes, tile sizes and their neighbours (WASM 4 x 8 x 768, WebGPU 32 x 32 x 16), and beyond slices. */

import type { OpAttrs, OpName, Shape } from "../gpu/graph/ops.js";
import { type AnyCall, Tape } from "../gpu/graph/tape.js";

export interface OpCase {
  readonly name: string;
  readonly call: AnyCall;
  /** The numbers of each input, in f32. */
  readonly inputs: readonly Float32Array[];
  /** One of the few that are run where a pipeline takes a tenth of a second or more to compile: every path of every kernel once. */
  readonly quick: boolean;
}

/** A repeatable stream of numbers in [-1, 1) (xorshift32; Marsaglia, 2003). */
export function uniform(seed: number): () => number {
  let x = seed * 2654435761 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 31 - 1;
  };
}

/** Kinds of data: what makes kernels fail is not the average number. */
const data: Readonly<Record<string, (draw: () => number, i: number) => number>> = {
  uniform: (draw) => draw(),
  cancelling: (draw, i) => (i % 2 ? -1 : 1) * (1000 + draw()),
  large: (draw) => draw() * 1e12,
  small: (draw) => draw() * 1e-30,
  spread: (draw) => draw() * 10 ** (6 * draw()),
  oneHot: (draw, i) => (i % 7 === 0 ? draw() : 0),
};

type Kind = keyof typeof data;

function makeCase<K extends OpName>(
  op: K,
  shapes: readonly Shape[],
  attrs: OpAttrs[K],
  kind: Kind = "uniform",
): OpCase {
  const tape = new Tape();
  const values = shapes.map((shape, i) => tape.input(`input${i}`, shape));
  tape.call(op, "", values, attrs);
  const draw = uniform(shapes.flat().reduce((a, b) => a * 31 + b, 7));
  const inputs = shapes.map((shape) => {
    const numbers = new Float32Array(shape.reduce((a, b) => a * b, 1));
    return numbers.map((_, i) => data[kind](draw, i));
  });
  const name = `${op} ${shapes.map((s) => `[${s}]`).join(" ")} ${kind}`;
  return { name, call: tape.calls[0], inputs, quick: false };
}

const quick = (c: OpCase): OpCase => ({ ...c, quick: true });

/** Replaces the numbers of one input by 0 and 1. */
function withMask(c: OpCase, index: number): OpCase {
  const inputs = c.inputs.map((x, i) => (i === index ? x.map((v) => (v > 0 ? 1 : 0)) : x));
  return { ...c, inputs };
}

/** [rows, depth, columns] of products that every epilogue is tried on: a plain one, one in vectors of four with tails on all sides. */
const products: readonly (readonly [number, number, number])[] = [
  [4, 13, 13],
  [33, 36, 40],
  [2, 3, 5],
  [4, 8, 8],
  [3, 12, 12],
  [5, 9, 9],
  [7, 767, 7],
  [5, 7, 228],
  [5, 768, 24],
  [6, 769, 25],
  [31, 1537, 10],
  [199, 33, 37],
];

const linears: OpCase[] = products.flatMap(([m, k, n], i) => {
  const cases = [
    makeCase("linear", [[m, k], [n, k], [n]], {}),
    makeCase("linearGelu", [[m, k], [n, k], [n]], {}),
    makeCase("linearAdd", [[m, k], [n, k], [n], [m, n]], {}),
  ];
  return i < 2 ? cases.map(quick) : cases;
});

/** [B, L, heads, D] */
const attentions: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 1, 1],
  [2, 3, 2, 5],
  [1, 12, 1, 12],
  [1, 13, 3, 11],
  [2, 65, 1, 16],
  [1, 67, 2, 64],
  [1, 9, 1, 68],
  [3, 197, 3, 8],
];

/** [B, N, C] */
const sequences: readonly (readonly [number, number, number])[] = [
  [2, 7, 5],
  [1, 1, 1],
  [3, 196, 8],
];

const sequenceCases = ([B, N, C]: readonly [number, number, number]): OpCase[] => [
  withMask(
    makeCase(
      "maskTokens",
      [
        [B, N, C],
        [B, N],
        [1, 1, C],
      ],
      {},
    ),
    1,
  ),
  makeCase(
    "tokens",
    [
      [B, N, C],
      [1, 1, C],
      [1, 1 + N, C],
    ],
    {},
  ),
  makeCase("patchTokens", [[B, 1 + N, C]], {}),
  makeCase("classToken", [[B, 1 + N, C]], {}),
  makeCase("meanTokens", [[B, 1 + N, C]], {}),
  withMask(
    makeCase(
      "maskedMse",
      [
        [B, N, C],
        [B, N, C],
        [B, N],
      ],
      {},
    ),
    2,
  ),
];

const kinds = ["cancelling", "large", "small", "spread", "oneHot"] as const;

export const opCases: readonly OpCase[] = [
  ...linears,
  ...[makeCase("linear", [[1, 1], [1, 1], [1]], {}), makeCase("linear", [[397, 5], [3, 5], [3]], {})].map(quick),
  quick(makeCase("linear", [[197, 64], [108, 64], [108]], {})),
  // enough work for squares of 64 x 64 outputs, and for several slices of columns
  quick(makeCase("linear", [[1025, 20], [1028, 20], [1028]], {})),
  makeCase("linear", [[198, 1024], [400, 1024], [400]], {}),
  ...kinds.flatMap((kind) => [
    quick(makeCase("linear", [[5, 101], [17, 101], [17]], {}, kind)),
    quick(makeCase("layerNorm", [[3, 101], [101], [101]], { eps: 1e-6 }, kind === "large" ? "uniform" : kind)),
    quick(makeCase("gelu", [[1013]], {}, kind)),
    quick(makeCase("add", [[1013], [1013]], {}, kind)),
  ]),
  ...attentions.map(([B, L, H, D]) => quick(makeCase("attention", [[B, L, 3 * H * D]], { heads: H }))),
  quick(makeCase("attention", [[1, 37, 3 * 24]], { heads: 2 }, "spread")),
  quick(makeCase("attention", [[1, 37, 3 * 24]], { heads: 2 }, "oneHot")),
  ...[1, 5, 193, 768].map((c) => quick(makeCase("layerNorm", [[5, c], [c], [c]], { eps: 1e-6 }))),
  ...[2, 3, 4, 7, 48].map((c) => makeCase("layerNorm", [[5, c], [c], [c]], { eps: 1e-6 })),
  ...[1, 3, 4, 5, 1021].flatMap((n) => [makeCase("gelu", [[n]], {}), makeCase("add", [[n], [n]], {})]).map(quick),
  // more workgroups than a side of a grid has
  quick(makeCase("add", [[65535 * 64 + 7], [65535 * 64 + 7]], {})),
  makeCase("layerNorm", [[65537, 2], [2], [2]], { eps: 1e-6 }),
  quick(makeCase("patches", [[2, 3, 8, 8]], { patch: 4 })),
  quick(makeCase("patches", [[1, 3, 9, 6]], { patch: 4 })),
  makeCase("patches", [[1, 3, 1, 1]], { patch: 16 }),
  quick(makeCase("patches", [[2, 3, 13, 17]], { patch: 5 })),
  ...sequences.flatMap((sequence, i) => (i < 2 ? sequenceCases(sequence).map(quick) : sequenceCases(sequence))),
  quick(makeCase("resizePos", [[1, 1 + 14 * 14, 6]], { from: [14, 14], to: [24, 24] })),
  quick(makeCase("resizePos", [[1, 1 + 14 * 14, 5]], { from: [14, 14], to: [3, 29] })),
  makeCase("resizePos", [[1, 2, 4]], { from: [1, 1], to: [2, 3] }),
  quick(makeCase("featmap", [[2, 1 + 6, 5]], { grid: [2, 3] })),
  quick(makeCase("featmap", [[1, 2, 1]], { grid: [1, 1] })),
];
