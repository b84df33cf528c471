/** The op table: every operation that a model may be made of, with its shape rule and its cost. Dims: see each rule. */

import { ShapeError } from "../errors.js";

export type Shape = readonly number[];

/** Op name -> its attributes. */
export interface OpAttrs {
  patches: { patch: number };
  linear: object;
  linearGelu: object;
  linearAdd: object;
  gelu: object;
  add: object;
  layerNorm: { eps: number };
  attention: { heads: number };
  maskTokens: object;
  tokens: object;
  resizePos: { from: readonly [number, number]; to: readonly [number, number] };
  patchTokens: object;
  classToken: object;
  meanTokens: object;
  featmap: { grid: readonly [number, number] };
  maskedMse: object;
}

export type OpName = keyof OpAttrs;

export interface Op<K extends OpName> {
  /** Names of the inputs, in binding order. */
  readonly inputs: readonly string[];
  /** The output's shape; throws a plain string saying what does not fit. */
  shape(inputs: readonly Shape[], attrs: OpAttrs[K]): Shape;
  /** Multiply-adds as mmengine's `get_model_complexity_info` counts them: pointwise work is free, a norm costs 5 an element. */
  macs(inputs: readonly Shape[], output: Shape): number;
}

export const size = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

/** Elements of one output row of a weight `[N, ...]`: its fan-in. */
export const fanIn = (weight: Shape): number => size(weight.slice(1));

function expect(holds: boolean, what: string): void {
  if (!holds) throw what;
}

const same = (a: Shape, b: Shape) => a.length === b.length && a.every((n, i) => n === b[i]);
const free = () => 0;

function linearShape([x, weight, bias, residual]: readonly Shape[]): Shape {
  const k = x.at(-1);
  expect(weight.length >= 2 && fanIn(weight) === k, `weight must be [N, ${k}]`);
  expect(same(bias, [weight[0]]), `bias must be [${weight[0]}]`);
  const out = [...x.slice(0, -1), weight[0]];
  expect(!residual || same(residual, out), `residual must be [${out}]`);
  return out;
}

const linearMacs = ([, weight]: readonly Shape[], output: Shape) => size(output) * fanIn(weight);

function sequence([x]: readonly Shape[]): { B: number; L: number; C: number } {
  expect(x.length === 3, "x must be [B, L, C]");
  return { B: x[0], L: x[1], C: x[2] };
}

/** All ops. `x` is the tensor that flows through the model; the other inputs are parameters or what the caller gives. */
export const ops: { readonly [K in OpName]: Op<K> } = {
  /** images [B,3,H,W] -> [B,N,3*P*P]: non-overlapping patches, row-major, zero-padded at the bottom and the right. */
  patches: {
    inputs: ["images"],
    shape([x], { patch }) {
      expect(x.length === 4 && x[1] === 3 && x[2] > 0 && x[3] > 0, "images must be [B, 3, H, W]");
      const [h, w] = patchGrid(x[2], x[3], patch);
      return [x[0], h * w, 3 * patch * patch];
    },
    macs: free,
  },
  /** x [...,K], weight [N,K], bias [N] -> x W^T + b, [...,N]. */
  linear: { inputs: ["x", "weight", "bias"], shape: linearShape, macs: linearMacs },
  /** gelu(linear(x)); made by `fuse`. */
  linearGelu: { inputs: ["x", "weight", "bias"], shape: linearShape, macs: linearMacs },
  /** linear(x) + residual; made by `fuse`. */
  linearAdd: { inputs: ["x", "weight", "bias", "residual"], shape: linearShape, macs: linearMacs },
  /** x Phi(x), the exact (erf) form. */
  gelu: { inputs: ["x"], shape: ([x]) => x, macs: free },
  add: {
    inputs: ["a", "b"],
    shape([a, b]) {
      expect(same(a, b), "both must have one shape");
      return a;
    },
    macs: free,
  },
  /** x [...,C] -> (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension. */
  layerNorm: {
    inputs: ["x", "weight", "bias"],
    shape([x, weight, bias]) {
      const c = [x.at(-1) as number];
      expect(same(weight, c) && same(bias, c), `weight and bias must be [${c}]`);
      return x;
    },
    macs: ([x]) => 5 * size(x),
  },
  /** qkv [B,L,3C], laid out [q|k|v] x heads x head dim -> softmax(q k^T / sqrt(D)) v, [B,L,C]. */
  attention: {
    inputs: ["qkv"],
    shape([x], { heads }) {
      const { B, L, C } = sequence([x]);
      expect(C % (3 * heads) === 0, `the width must be a multiple of 3 x ${heads} heads`);
      return [B, L, C / 3];
    },
    macs: (_, [B, L, C]) => 2 * B * L * L * C,
  },
  /** x [B,N,C], mask [B,N] of 0 and 1, token [1,1,C] -> x (1 - m) + token m. */
  maskTokens: {
    inputs: ["x", "mask", "token"],
    shape([x, mask, token]) {
      const { B, L, C } = sequence([x]);
      expect(same(mask, [B, L]), `mask must be [${B}, ${L}]`);
      expect(same(token, [1, 1, C]), `token must be [1, 1, ${C}]`);
      return x;
    },
    macs: free,
  },
  /** x [B,N,C], cls [1,1,C], pos [1,1+N,C] -> concat(cls, x) + pos, [B,1+N,C]. */
  tokens: {
    inputs: ["x", "cls", "pos"],
    shape([x, cls, pos]) {
      const { B, L, C } = sequence([x]);
      expect(same(cls, [1, 1, C]), `cls must be [1, 1, ${C}]`);
      expect(same(pos, [1, 1 + L, C]), `pos must be [1, ${1 + L}, ${C}]`);
      return [B, 1 + L, C];
    },
    macs: free,
  },
  /** pos [1,1+h*w,C] -> [1,1+h'*w',C]: the class position kept, the grid resized as torch's bicubic (A = -0.75, half-pixel centres). */
  resizePos: {
    inputs: ["pos"],
    shape([x], { from, to }) {
      const { B, L, C } = sequence([x]);
      expect(B === 1 && L === 1 + from[0] * from[1], `pos must be [1, 1 + ${from[0]} x ${from[1]}, C]`);
      return [1, 1 + to[0] * to[1], C];
    },
    macs: free,
  },
  /** x [B,1+N,C] -> [B,N,C]: all but the class token. */
  patchTokens: {
    inputs: ["x"],
    shape(inputs) {
      const { B, L, C } = sequence(inputs);
      return [B, L - 1, C];
    },
    macs: free,
  },
  /** x [B,1+N,C] -> [B,C]. */
  classToken: {
    inputs: ["x"],
    shape(inputs) {
      const { B, C } = sequence(inputs);
      return [B, C];
    },
    macs: free,
  },
  /** x [B,1+N,C] -> [B,C]: the mean over the patch tokens. */
  meanTokens: {
    inputs: ["x"],
    shape(inputs) {
      const { B, C } = sequence(inputs);
      return [B, C];
    },
    macs: free,
  },
  /** x [B,1+h*w,C] -> [B,C,h,w]: the patch tokens as a map. */
  featmap: {
    inputs: ["x"],
    shape(inputs, { grid }) {
      const { B, L, C } = sequence(inputs);
      expect(L === 1 + grid[0] * grid[1], `x must hold 1 + ${grid[0]} x ${grid[1]} tokens`);
      return [B, C, ...grid];
    },
    macs: free,
  },
  /** pred, target [B,N,F], mask [B,N] -> [2]: the sum over masked tokens of the mean over F of (pred - target)^2, and their number. */
  maskedMse: {
    inputs: ["pred", "target", "mask"],
    shape([pred, target, mask]) {
      const { B, L } = sequence([pred]);
      expect(same(pred, target), `target must be [${pred}]`);
      expect(same(mask, [B, L]), `mask must be [${B}, ${L}]`);
      return [2];
    },
    macs: free,
  },
};

/** Rows and columns of patches that cover an image of H x W pixels. */
export function patchGrid(H: number, W: number, patch: number): [number, number] {
  return [Math.ceil(H / patch), Math.ceil(W / patch)];
}

/**
 * The output shape of `op`.
 * @throws ShapeError naming the op, its place in the model, and every input with its shape.
 */
export function outputShape<K extends OpName>(
  op: K,
  place: string,
  inputs: readonly { name: string; shape: Shape }[],
  attrs: OpAttrs[K],
): Shape {
  const rule: Op<K> = ops[op];
  try {
    expect(inputs.length === rule.inputs.length, `takes (${rule.inputs.join(", ")})`);
    return rule.shape(
      inputs.map((v) => v.shape),
      attrs,
    );
  } catch (why) {
    if (typeof why !== "string") throw why;
    const given = inputs.map((v, i) => `${rule.inputs[i] ?? "?"} "${v.name}" [${v.shape}]`).join(", ");
    throw new ShapeError("SHAPE_MISMATCH", `${op}${place ? ` at ${place}` : ""}: ${why}; given ${given}`);
  }
}
