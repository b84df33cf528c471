/** Building blocks of models: a scope that names parameters as mmpretrain does, and one function per op. */

import type { OpAttrs, OpName } from "../graph/ops.js";
import type { Tape, Value } from "../graph/tape.js";

/** A place in the model: the tape, and the prefix of the parameter names declared there. */
export class Scope {
  constructor(
    readonly tape: Tape,
    readonly path = "",
  ) {}

  /** The scope `name` (dotted) below this one. */
  at(name: string): Scope {
    return new Scope(this.tape, this.path ? `${this.path}.${name}` : name);
  }

  param(name: string, shape: readonly number[]): Value {
    return this.tape.param(this.at(name).path, shape);
  }

  call<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): Value {
    return this.tape.call(op, this.path, inputs, attrs);
  }
}

/** x W^T + b with `weight` of shape `[out, ...]`. */
export function linear(s: Scope, x: Value, weightShape: readonly number[]): Value {
  return s.call("linear", [x, s.param("weight", weightShape), s.param("bias", [weightShape[0]])], {});
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
