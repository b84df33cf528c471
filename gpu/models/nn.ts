/** Building blocks of models: a scope that names parameters as mmpretrain does, and one function per op. */

import type { AttrsOf, Layout } from "../graph/op.js";
import type { Tape, Value } from "../graph/tape.js";
import { packedHeads } from "../ops/attention.js";
import type { OpName, Ops } from "../ops/index.js";

/** A place in the model: the tape, and the prefix of the parameter names declared there. */
export class Scope {
  constructor(
    readonly tape: Tape<Ops>,
    readonly path = "",
  ) {}

  /** The scope `name` (dotted) below this one. */
  at(name: string): Scope {
    return new Scope(this.tape, this.path ? `${this.path}.${name}` : name);
  }

  param(name: string, shape: readonly number[], layout?: Layout): Value {
    return this.tape.param(this.at(name).path, shape, layout);
  }

  /** Records a call and returns its first output. */
  call<K extends OpName>(op: K, inputs: readonly Value[], attrs: AttrsOf<Ops[K]>): Value {
    return this.tape.call(op, this.path, inputs, attrs)[0];
  }
}

/** x W^T + b with `weight` of shape `[out, ...]`. */
export function linear(s: Scope, x: Value, weightShape: readonly number[]): Value {
  return s.call("linear", [x, s.param("weight", weightShape, "packed"), s.param("bias", [weightShape[0]])], {});
}

/** x [...,K] -> [...,out]. */
export function dense(s: Scope, x: Value, out: number): Value {
  return linear(s, x, [out, x.shape.at(-1) as number]);
}

export function layerNorm(s: Scope, x: Value, eps: number): Value {
  const c = [x.shape.at(-1) as number];
  return s.call("layerNorm", [x, s.param("weight", c), s.param("bias", c)], { eps });
}

export const gelu = (s: Scope, x: Value): Value => s.call("gelu", [x], {});

export const add = (s: Scope, a: Value, b: Value): Value => s.call("add", [a, b], {});

/** a x, with `a` [1]. */
export const scale = (s: Scope, x: Value, a: Value): Value => s.call("scale", [x, a], {});

/** qkv [B,L,3C], a row laid out [q|k|v] x heads x head width -> softmax(q k^T / sqrt(D)) v, [B,L,C]. */
export const selfAttention = (s: Scope, qkv: Value, heads: number): Value =>
  s.call("attention", [qkv, qkv, qkv], packedHeads(heads, qkv.shape[2] / 3));

/** Rows and columns of patches that cover an image of H x W pixels. */
export function patchGrid(H: number, W: number, patch: number): [number, number] {
  return [Math.ceil(H / patch), Math.ceil(W / patch)];
}

/** images [B,3,H,W] -> [B,N,3*P*P]: non-overlapping patches, row-major, zero-padded at the bottom and the right. */
export function patches(s: Scope, images: Value, P: number): Value {
  const [, , H, W] = images.shape;
  const [rows, columns] = patchGrid(H, W, P);
  const behind = (patches: number, pixels: number) => [0, patches * P - pixels] as const;
  return s.call("unfold", [images], { kernel: [P, P], stride: [P, P], padding: [behind(rows, H), behind(columns, W)] });
}

/** x [B,1+N,C] -> [B,C]. */
export const classToken = (s: Scope, x: Value): Value => s.call("sliceTokens", [x], { first: 0 });

/** x [B,1+N,C] -> [B,N,C]: all but the class token. */
export const patchTokens = (s: Scope, x: Value): Value =>
  s.call("sliceTokens", [x], { first: 1, count: x.shape[1] - 1 });
