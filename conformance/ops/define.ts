/** What the home of an op says, and what homes share: errors of sums, kinds of data, where cases run. Nothing here is tuned. */

import type { Device } from "../../gpu/device.js";
import { type Shape, size } from "../../gpu/graph/op.js";
import type { BoundKind, Scope } from "../case.js";
import type { Finding } from "../suite.js";

export type { Shape };
export { size };

export type Arrays = readonly Float64Array[];

/** A call as a home looks at it. */
export interface OpCall<A> {
  readonly inputs: readonly { readonly shape: Shape }[];
  readonly attrs: A;
}

/** A kernel of WebGPU, and its constants. */
export interface Dispatched {
  readonly file: { readonly name: string };
  readonly constants: Readonly<Record<string, number>>;
}

/** What the suite knows of an op: its definition, how far a device may be from it, and where it is tried. */
export interface Op<A extends object = object> {
  /** The definition in float64, in plain TypeScript: it reads like the paper, not like a kernel. Row-major, one array for each output. */
  evaluate(call: OpCall<A>, inputs: Arrays): Float64Array[];
  /** For each element of the outputs the largest error of a correct f32 kernel. Without it the op moves numbers, and must be exact. */
  bound?(call: OpCall<A>, inputs: Arrays, outputs: Arrays, sums: SumError): Float64Array[];
  /** What 8-bit integers add to the bound, on devices that store weights so. */
  integerBound?(call: OpCall<A>, inputs: Arrays): Float64Array[];
  /** The inputs whose rows a matmul multiplies: the second one is stored as the device stores weights. */
  readonly factors?: readonly [number, number];
  /** Inputs that hold 0 and 1. */
  readonly masks?: readonly number[];
  /** Outputs are f32 on every device. */
  readonly isWide?: true;
  /** Kinds of data that it takes: those whose exact result f32 holds, and whose squares too. Default: all. */
  readonly kinds?: readonly Kind[];
  /** The largest magnitude of inputs whose answer, and whatever a device stores on its way, is at most `limit`. Default: half of it. */
  largest?(call: OpCall<A>, limit: number): number;
  /** Whole numbers up to this in magnitude give an exact answer, in f16 too. */
  readonly integers?: number | ((attrs: A) => number | undefined);
  /** Inputs that have an item for each of the batch, which is their first dimension. */
  readonly batched?: readonly number[];
  /**
   * The fewest elements that a dispatch on WebGPU must read and write with the tiles that it has, each tile reading what it needs once.
   * Default: every input once for each output, and the outputs.
   */
  leastElements?(call: OpCall<A>, dispatch: Dispatched): number;
  readonly cases: readonly OpCase<A>[];
  readonly questions?: readonly Question<A>[];
}

/** The op whose home this is. */
export const op = <A extends object = object>(home: Op<A>): Op<A> => home;

/** The definition of an op that no device has yet. */
export type Definition<A extends object = object> = Pick<Op<A>, "evaluate">;

export const definition = <A extends object = object>(of: Definition<A>): Definition<A> => of;

/** What else is asked of an op, with numbers or a judgement of its own. */
export interface Question<A> {
  /** Begins with the level. */
  readonly id: string;
  readonly scope: Scope;
  readonly boundKind: BoundKind;
  /** Why a device is not asked. */
  skip?(device: Device): string | undefined;
  ask(on: Asked<A>): Promise<Finding>;
}

/** The op on the device under test. */
export interface Asked<A> {
  readonly device: Device;
  /** Its outputs. */
  run(shapes: readonly Shape[], attrs: A, inputs: readonly Float32Array[]): Promise<Float32Array[]>;
  /** Its outputs beside the definition, within the op's own bound. */
  measure(shapes: readonly Shape[], attrs: A, inputs: readonly Float32Array[]): Promise<Finding>;
}

/**
 * Mistakes that the suite must find (scripts/mutants.mjs): by file what is wrong, a text, and what takes its place. `cases` are run, in which
 * * stands for anything; their level is the one that must fail.
 */
export interface Mutants {
  readonly cases: string;
  readonly files: Readonly<Record<string, readonly Mutant[]>>;
}

export type Mutant = readonly [name: string, from: string, to: string, besides?: Besides];

interface Besides {
  /** Other cases than those of the home. */
  readonly cases?: string;
  /** Default: "webgpu" for WGSL, otherwise "wasm". */
  readonly device?: "webgpu";
  /** Default "f32". */
  readonly dtype?: "f16" | "int8";
  /** Default "quick". */
  readonly scope?: Scope;
  /** How often the text occurs; default once. */
  readonly times?: number;
  /** `npm test` runs it. */
  readonly quick?: true;
}

// Errors: running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2002) with u = 2^-24. A sum of d terms costs at
// most gamma_d = d u / (1 - d u) of the sum of magnitudes, and no more than 8 sqrt(d) u but for one element in 10^10 (d <= 3072;
// 2 d exp(-8^2 / 2)). The depth of a sum is its number of terms. If every kernel of an op sums in blocks, its home gives a smaller depth.

export const U = 2 ** -24;
/** Results below the smallest normal number may be flushed to zero, once for each operation. */
export const TINY = 2 ** -126;
/** WGSL lets a sum be rounded to either of its two neighbours, which is twice as far as to the nearer one. */
export const EITHER_WAY = 2;

/** Relative error of a sum or dot product of d terms. */
export type SumError = (d: number) => number;

/** What no sum exceeds, in whatever order its terms are added. */
export const certain: SumError = (d) => (d * U) / (1 - d * U);

/** What is judged by: roundings that are independent of each other add up to less. */
export const probable: SumError = (d) => Math.min(certain(d), 8 * Math.sqrt(d) * U);

export const abs = (x: Float64Array) => x.map(Math.abs);

/** The bound of sums of `d` terms whose magnitudes add up to these. */
export const rounded = (magnitudes: Float64Array, d: number, sums: SumError) =>
  magnitudes.map((magnitude) => sums(d) * magnitude + d * TINY);

/** What a device stores. */
export type Stored = Pick<Device, "numberBytes" | "weights">;

/** Whether input `i` is kept as f16: all numbers on a device that stores them, the weights of products on one that keeps those. */
export const isNarrow = ({ numberBytes, weights }: Stored, { factors }: Op, i: number) =>
  numberBytes === 2 || (weights === "f16" && i === factors?.[1]);

/** The smallest normal f16 number. */
const TINY_F16 = 2 ** -14;

/** Adds to a bound what storing the results `y` as f16 costs: relative for normal numbers, absolute below them, where they may be flushed. */
export const narrowed = (y: Float64Array, bound: Float64Array) =>
  bound.map((b, i) => b + 2 ** -11 * (Math.abs(y[i]) + b) + (Math.abs(y[i]) < TINY_F16 + b ? TINY_F16 : 0));

// Data

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

/** Number `i` of input `input`; `most` is the largest magnitude of an input that f16 keeps. */
type Make = (draw: () => number, i: number, input: number, most: number) => number;

const sign = (i: number) => (i % 2 ? -1 : 1);
/** From [-1, 1) to what is no nearer to 0 than a half. */
const far = (x: number) => (x < 0 ? x - 1 : x + 1) / 2;

/** Kinds of data, and, if f16 does not hold them, what is of the same nature and fits. */
const makes = {
  uniform: [(draw) => draw()],
  cancelling: [(draw, i) => sign(i) * (1000 + draw()), (draw, i, _, most) => (sign(i) * most * (32 + draw())) / 64],
  large: [(draw) => draw() * 1e12, (draw, _, __, most) => draw() * most],
  small: [(draw) => draw() * 1e-30, (draw) => far(draw()) * 2 ** -10],
  subnormal: [(draw) => draw() * 1e-39, (draw) => draw() * 2 ** -15],
  spread: [(draw) => draw() * 10 ** (6 * draw()), (draw, _, __, most) => draw() * most * 2 ** (6 * draw() - 6)],
  oneHot: [(draw, i) => (i % 7 === 0 ? draw() : 0)],
  ties: [(draw) => Math.round(4 * draw()) / 4],
  constant: [() => 0.1],
  /** Far from zero beside its spread. */
  offset: [(draw) => 1000 + draw(), (draw, _, __, most) => (most * (32 + draw())) / 64],
  /** What 8-bit integers hold exactly: multiples of 1/128, with the largest of them in every row. */
  grid: [(draw, i) => (i % 2 ? Math.round(127 * draw()) : draw() < 0 ? -127 : 127) / 128],
  /** Both ends of the range, in a product that is neither. */
  opposite: [
    (draw, _, input) => draw() * ([1e30, 1e-30][input] ?? 1),
    (draw, _, input, most) => far(draw()) * ([most, 2 ** -12][input] ?? 1),
  ],
} satisfies Record<string, readonly [Make, Make?]>;

export type Kind = keyof typeof makes;
export const allKinds = Object.keys(makes) as Kind[];
export const without = (...left: Kind[]) => allKinds.filter((kind) => !left.includes(kind));

/** Half of what f16 holds: the rounding of inputs has room above it. */
const F16_LIMIT = 2 ** 15;

/** Inputs of a kind for a device that stores numbers so. */
export function dataOf(home: Op, call: OpCall<object>, kind: Kind, stored: Stored): Float32Array[] {
  const draw = uniform(call.inputs.flatMap(({ shape }) => shape).reduce((a, b) => a * 31 + b, 7));
  const most = home.largest?.(call, F16_LIMIT) ?? F16_LIMIT / 2;
  const [wide, narrow = wide]: readonly Make[] = makes[kind];
  return call.inputs.map(({ shape }, input) => {
    const make = isNarrow(stored, home, input) ? narrow : wide;
    const isMask = home.masks?.includes(input);
    return new Float32Array(size(shape)).map((_, i) => (isMask ? Number(draw() > 0) : make(draw, i, input, most)));
  });
}

// Cases

/** Where a case runs, and with which data. */
export interface Where {
  readonly scope: Scope;
  /** One of the few that software GPUs run at scope quick, where a pipeline takes a tenth of a second and more to compile. */
  readonly soft: boolean;
  /** Kinds of data that are tried at this scope; every kind that the op takes is tried at scope full. */
  readonly kinds: readonly Kind[];
  /** No other kinds are tried. */
  readonly only?: true;
  /** Asked at C0 too: whole numbers, repeats, batches. */
  readonly onDevice?: true;
  /** A shape whose time the benchmark takes: that of ViT-B/16 on one image; a text tells it from others of its op. */
  readonly bench?: true | string;
}

/** A shape at which an op is tried. All cases of the suite, and of the benchmark, are made of these. */
export interface OpCase<A> extends Where {
  readonly shapes: readonly Shape[];
  readonly attrs: A;
}

/** Tried everywhere, on software GPUs too. */
export const soft: Where = { scope: "quick", soft: true, kinds: ["uniform"] };
export const softAllKinds: Where = { ...soft, kinds: allKinds };
export const onDevice: Where = { ...soft, onDevice: true };
export const quick: Where = { scope: "quick", soft: false, kinds: ["uniform", "cancelling", "spread"] };
export const full: Where = { scope: "full", soft: false, kinds: [] };
export const bench: Where = { scope: "full", soft: false, kinds: ["uniform"], only: true, bench: true };

export type Dims = readonly number[];
/** Dims by where they are tried. */
export type Groups<D = Dims> = readonly (readonly [Where, readonly D[]])[];

/** The cases of an op whose shapes and attributes follow from dims. */
export function casesOf<A, D = Dims>(
  groups: Groups<D>,
  form: (dims: D) => Pick<OpCase<A>, "shapes" | "attrs">,
): OpCase<A>[] {
  return groups.flatMap(([where, all]) => all.map((dims) => ({ ...where, ...form(dims) })));
}

/** [B, N, C] of ops on the tokens of a sequence. */
// biome-ignore format: a line for each group
export const sequences: Groups = [
  [onDevice, [[2, 7, 5], [3, 196, 8]]],
  [soft, [[1, 1, 1]]],
  [quick, [[1, 2, 48]]],
  [full, [[1, 3, 4], [1, 196, 192], [2, 49, 64], [5, 13, 3], [1, 576, 16], [4, 31, 33], [7, 1, 65]]],
  // more workgroups than one side of a grid, as 28 images of ViT-B have
  [{ ...full, kinds: ["uniform"], only: true }, [[2, 1100, 1908]]],
];

/** Lengths of element-wise work. */
// biome-ignore format: a line for each group
export const lengths: Groups = [
  [onDevice, [[1021]]],
  [soft, [[1], [3], [4], [5]]],
  [softAllKinds, [[1013]]],
  [quick, [[63], [64], [65]]],
  [full, [[2], [7], [127], [128], [129], [255], [257], [4095], [65537]]],
];

/** The longest element-wise work has more workgroups, of 64 numbers, than one side of a grid. */
export const FOLDED = 65535 * 64 + 7;

/** Fills a tensor [B,L,C] by `f(index of batch, token, channel)`. */
export function byToken(B: number, L: number, C: number, f: (b: number, l: number, c: number) => number): Float64Array {
  return Float64Array.from({ length: B * L * C }, (_, i) => f(Math.floor(i / (L * C)), Math.floor(i / C) % L, i % C));
}

/** The sum of f(0) to f(n - 1). */
export function sumOf(n: number, f: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += f(i);
  return sum;
}
