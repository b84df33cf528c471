/**
 * C2: every op on its own, against float64. Shapes are 1, primes, tile sizes and their neighbours (WASM 4 x 8 x 768, WebGPU 32 x 32 x 16),
 * the models' own, and beyond one side of a grid; data are what makes kernels fail, which the average number is not.
 */

import { type OpAttrs, type OpName, type Shape, size } from "../../gpu/graph/ops.js";
import type { AnyCall } from "../../gpu/graph/tape.js";
import type { Scope } from "../case.js";
import { callOf, measureCall, uniform } from "../ops.js";
import type { Case } from "../suite.js";

/** Kinds of data: what number `i` of input `input` is. */
const kinds = {
  uniform: (draw) => draw(),
  cancelling: (draw, i) => (i % 2 ? -1 : 1) * (1000 + draw()),
  large: (draw) => draw() * 1e12,
  small: (draw) => draw() * 1e-30,
  subnormal: (draw) => draw() * 1e-39,
  spread: (draw) => draw() * 10 ** (6 * draw()),
  oneHot: (draw, i) => (i % 7 === 0 ? draw() : 0),
  ties: (draw) => Math.round(4 * draw()) / 4,
  constant: () => 0.1,
  /** Far from zero beside its spread. */
  offset: (draw) => 1000 + draw(),
  /** What 8-bit integers hold exactly: multiples of 1/128, with the largest of them in every row. */
  grid: (draw, i) => (i % 2 ? Math.round(127 * draw()) : draw() < 0 ? -127 : 127) / 128,
  /** Both ends of the range, in a product that is neither. */
  opposite: (draw, _, input) => draw() * [1e30, 1e-30][input] || draw(),
} satisfies Record<string, (draw: () => number, i: number, input: number) => number>;

type Kind = keyof typeof kinds;
const allKinds = Object.keys(kinds) as Kind[];
const without = (...left: Kind[]) => allKinds.filter((kind) => !left.includes(kind));

/** A call, and where it is tried. */
export interface OpCase {
  readonly id: string;
  readonly scope: Scope;
  /** One of the few that software GPUs run at scope quick, where a pipeline takes a tenth of a second and more to compile. */
  readonly soft: boolean;
  readonly call: AnyCall;
  inputs(): Float32Array[];
}

interface Shaped<K extends OpName> {
  readonly shapes: readonly Shape[];
  readonly attrs: OpAttrs[K];
  readonly scope: Scope;
  readonly soft: boolean;
  /** Kinds of data that are tried at this scope; every kind that the op takes is tried at scope full. */
  readonly kinds: readonly Kind[];
}

/** Inputs that hold 0 and 1. */
const masks: Partial<Record<OpName, number>> = { maskTokens: 1, maskedMse: 2 };

/** Kinds whose exact result f32 cannot hold, or whose squares it cannot. */
const takes: { readonly [K in OpName]?: readonly Kind[] } = {
  layerNorm: without("opposite"),
  attention: without("opposite", "large", "offset"),
  maskedMse: without("opposite"),
};

function attrsText(attrs: object): string {
  const parts = Object.entries(attrs).filter(([name]) => name !== "eps");
  return parts.map(([name, value]) => ` ${name} ${Array.isArray(value) ? value.join("x") : value}`).join("");
}

function opCase<K extends OpName>(op: K, s: Shaped<K>, kind: Kind): OpCase {
  const call = callOf(op, s.shapes, s.attrs);
  const isListed = s.kinds.includes(kind);
  return {
    id: `C2/${op}/${s.shapes.map((shape) => `[${shape}]`).join(" ")}${attrsText(s.attrs)}/${kind}`,
    scope: isListed ? s.scope : "full",
    soft: s.soft && isListed,
    call,
    inputs() {
      const draw = uniform(s.shapes.flat().reduce((a, b) => a * 31 + b, 7));
      return s.shapes.map((shape, input) => {
        const number = input === masks[op] ? () => (draw() > 0 ? 1 : 0) : (i: number) => kinds[kind](draw, i, input);
        return new Float32Array(size(shape)).map((_, i) => number(i));
      });
    },
  };
}

/** All kinds of data that `op` takes, on every shape. */
function casesOf<K extends OpName>(op: K, shaped: readonly Shaped<K>[]): OpCase[] {
  return shaped.flatMap((s) => (takes[op] ?? allKinds).map((kind) => opCase(op, s, kind)));
}

type Where = Pick<Shaped<OpName>, "scope" | "soft" | "kinds">;
/** Tried everywhere, on software GPUs too. */
const soft: Where = { scope: "quick", soft: true, kinds: ["uniform"] };
const softAllKinds: Where = { scope: "quick", soft: true, kinds: allKinds };
const quick: Where = { scope: "quick", soft: false, kinds: ["uniform", "cancelling", "spread"] };
const full: Where = { scope: "full", soft: false, kinds: [] };

/** [rows, depth, columns] */
// biome-ignore format: a line for each group
const products: readonly (readonly [Where, Where, readonly (readonly [number, number, number])[]])[] = [
  // where `linear` is tried, and where linearGelu and linearAdd are
  [soft, soft, [[4, 13, 13], [33, 36, 40]]],
  [softAllKinds, quick, [[5, 101, 17]]],
  // the last one: enough work for squares of 64 x 64 outputs, and for several slices of columns
  [soft, full, [[1, 1, 1], [397, 5, 3], [197, 64, 108], [1025, 20, 1028]]],
  [quick, quick, [[2, 3, 5], [4, 8, 8], [3, 12, 12], [5, 9, 9], [7, 767, 7], [5, 7, 228], [5, 768, 24], [6, 769, 25], [31, 1537, 10], [199, 33, 37]]],
  [quick, full, [[198, 1024, 400], [197, 192, 576], [1, 768, 1000]]],
  [full, full, [
    [1, 2, 3], [1, 48, 10], [1, 64, 4], [1, 3072, 8], [2, 4, 4], [2, 768, 108], [3, 5, 7], [3, 16, 33], [4, 16, 31], [4, 32, 32],
    [5, 31, 64], [7, 11, 13], [7, 48, 144], [8, 1, 8], [8, 15, 8], [8, 17, 8], [9, 100, 4], [11, 64, 65], [13, 1536, 12], [16, 16, 16],
    [17, 1023, 5], [17, 1025, 5], [31, 31, 31], [32, 32, 32], [33, 33, 33], [37, 64, 96], [49, 96, 48], [50, 384, 96], [63, 20, 63], [64, 64, 64],
    [65, 65, 65], [96, 48, 96], [127, 7, 129], [128, 128, 16], [196, 48, 48], [197, 48, 144], [197, 768, 32], [257, 4, 260], [577, 16, 64], [1, 1536, 384],
  ]],
];

const linears = () =>
  products.flatMap(([where, others, dims]) =>
    dims.flatMap(([m, k, n]) => [
      ...casesOf("linear", [{ shapes: [[m, k], [n, k], [n]], attrs: {}, ...where }]),
      ...casesOf("linearGelu", [{ shapes: [[m, k], [n, k], [n]], attrs: {}, ...others }]),
      ...casesOf("linearAdd", [{ shapes: [[m, k], [n, k], [n], [m, n]], attrs: {}, ...others }]),
    ]),
  );

/** [B, L, heads, D] */
// biome-ignore format: a line for each group
const attentions: readonly (readonly [Where, readonly (readonly [number, number, number, number])[]])[] = [
  [soft, [[1, 1, 1, 1], [2, 3, 2, 5], [1, 12, 1, 12], [1, 13, 3, 11], [2, 65, 1, 16], [1, 67, 2, 64], [1, 9, 1, 68], [3, 197, 3, 8]]],
  [{ ...soft, kinds: ["spread", "oneHot"] }, [[1, 37, 2, 12]]],
  [quick, [[1, 2, 1, 4], [1, 16, 2, 32], [1, 197, 1, 64]]],
  [full, [[1, 4, 4, 4], [2, 15, 2, 20], [1, 17, 3, 64], [1, 31, 2, 24], [1, 33, 1, 28], [4, 5, 2, 3], [1, 64, 4, 12], [1, 128, 2, 8], [1, 257, 1, 16], [2, 50, 6, 64], [1, 577, 1, 8]]],
];

/** Widths of rows. */
// biome-ignore format: a line for each group
const norms: readonly (readonly [Where, readonly (readonly [number, number])[]])[] = [
  [soft, [[5, 1], [5, 5], [5, 193], [5, 768]]],
  [softAllKinds, [[3, 101]]],
  [quick, [[5, 2], [5, 3], [5, 4], [5, 7], [5, 48], [197, 192], [65537, 2]]],
  [full, [[1, 1024], [2, 63], [2, 64], [2, 65], [3, 127], [3, 256], [7, 384], [1, 1536], [1, 3072], [9, 31], [64, 16]]],
];

/** Lengths of element-wise work; the longest has more workgroups than a side of a grid. */
// biome-ignore format: a line for each group
const lengths: readonly (readonly [Where, readonly number[]])[] = [
  [soft, [1, 3, 4, 5, 1021]],
  [softAllKinds, [1013]],
  [quick, [63, 64, 65]],
  [full, [2, 7, 127, 128, 129, 255, 257, 4095, 65537]],
];

/** [B, N, C] */
// biome-ignore format: a line for each group
const sequences: readonly (readonly [Where, readonly (readonly [number, number, number])[]])[] = [
  [soft, [[2, 7, 5], [1, 1, 1]]],
  [quick, [[3, 196, 8], [1, 2, 48]]],
  [full, [[1, 3, 4], [1, 196, 192], [2, 49, 64], [5, 13, 3], [1, 576, 16], [4, 31, 33], [7, 1, 65]]],
];

const sequenceCases = () =>
  sequences.flatMap(([where, dims]) =>
    dims.flatMap(([B, N, C]) => [
      ...casesOf("maskTokens", [
        {
          shapes: [
            [B, N, C],
            [B, N],
            [1, 1, C],
          ],
          attrs: {},
          ...where,
        },
      ]),
      ...casesOf("tokens", [
        {
          shapes: [
            [B, N, C],
            [1, 1, C],
            [1, 1 + N, C],
          ],
          attrs: {},
          ...where,
        },
      ]),
      ...casesOf("patchTokens", [{ shapes: [[B, 1 + N, C]], attrs: {}, ...where }]),
      ...casesOf("classToken", [{ shapes: [[B, 1 + N, C]], attrs: {}, ...where }]),
      ...casesOf("meanTokens", [{ shapes: [[B, 1 + N, C]], attrs: {}, ...where }]),
      ...casesOf("maskedMse", [
        {
          shapes: [
            [B, N, C],
            [B, N, C],
            [B, N],
          ],
          attrs: {},
          ...where,
        },
      ]),
    ]),
  );

/** [B, H, W, patch] */
// biome-ignore format: a line for each group
const images: readonly (readonly [Where, readonly (readonly [number, number, number, number])[]])[] = [
  [soft, [[2, 8, 8, 4], [1, 9, 6, 4], [2, 13, 17, 5]]],
  [quick, [[1, 1, 1, 16], [1, 56, 56, 4]]],
  [full, [[1, 3, 50, 7], [3, 16, 16, 16], [1, 33, 31, 16], [1, 224, 96, 16], [2, 5, 7, 1], [1, 64, 64, 32]]],
];

/** [from, to, C] */
// biome-ignore format: a line for each group
const grids: readonly (readonly [Where, readonly (readonly [readonly [number, number], readonly [number, number], number])[]])[] = [
  [soft, [[[14, 14], [24, 24], 6], [[14, 14], [3, 29], 5]]],
  [quick, [[[1, 1], [2, 3], 4], [[14, 14], [14, 15], 3]]],
  [full, [[[2, 2], [7, 1], 8], [[7, 7], [14, 14], 16], [[14, 14], [7, 7], 12], [[3, 5], [5, 3], 1], [[14, 14], [37, 11], 4]]],
];

/** [B, h, w, C] */
// biome-ignore format: a line for each group
const maps: readonly (readonly [Where, readonly (readonly [number, number, number, number])[]])[] = [
  [soft, [[2, 2, 3, 5], [1, 1, 1, 1]]],
  [quick, [[1, 14, 14, 8]]],
  [full, [[3, 1, 7, 4], [1, 24, 24, 3], [2, 5, 5, 65], [1, 3, 31, 16]]],
];

/** The whole table. */
export const opCases = (): OpCase[] => [
  ...linears(),
  ...attentions.flatMap(([where, dims]) =>
    dims.flatMap(([B, L, heads, D]) =>
      casesOf("attention", [{ shapes: [[B, L, 3 * heads * D]], attrs: { heads }, ...where }]),
    ),
  ),
  ...norms.flatMap(([where, dims]) =>
    dims.flatMap(([rows, c]) =>
      casesOf("layerNorm", [{ shapes: [[rows, c], [c], [c]], attrs: { eps: 1e-6 }, ...where }]),
    ),
  ),
  ...lengths.flatMap(([where, counts]) =>
    counts.flatMap((n) => [
      ...casesOf("gelu", [{ shapes: [[n]], attrs: {}, ...where }]),
      ...casesOf("add", [{ shapes: [[n], [n]], attrs: {}, ...where }]),
    ]),
  ),
  opCase("add", { shapes: [[65535 * 64 + 7], [65535 * 64 + 7]], attrs: {}, ...soft }, "uniform"),
  ...sequenceCases(),
  ...images.flatMap(([where, dims]) =>
    dims.flatMap(([B, H, W, patch]) => casesOf("patches", [{ shapes: [[B, 3, H, W]], attrs: { patch }, ...where }])),
  ),
  ...grids.flatMap(([where, dims]) =>
    dims.flatMap(([from, to, C]) =>
      casesOf("resizePos", [{ shapes: [[1, 1 + from[0] * from[1], C]], attrs: { from, to }, ...where }]),
    ),
  ),
  ...maps.flatMap(([where, dims]) =>
    dims.flatMap(([B, h, w, C]) =>
      casesOf("featmap", [{ shapes: [[B, 1 + h * w, C]], attrs: { grid: [h, w] as const }, ...where }]),
    ),
  ),
];

/** Ops that move numbers and compute none. */
const moves: ReadonlySet<OpName> = new Set<OpName>(["patches", "patchTokens", "classToken", "featmap"]);

const SLOW = "a software GPU compiles slowly: it runs a part of these at level quick; level full has all";

/** The level's cases. `isSlow`: the device is a software GPU, and the scope is quick. */
export function kernelCases(isSlow: boolean): Case[] {
  return opCases().map((c) => ({
    id: c.id,
    level: "C2",
    boundKind: moves.has(c.call.op) ? "exact" : "closed",
    scope: c.scope,
    skip: isSlow && !c.soft ? SLOW : undefined,
    measure: ({ device }) => measureCall(device, c.call, c.inputs()),
  }));
}
