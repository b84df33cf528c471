/** The tape: symbolic values, and the op calls that make them, in order. */

import { ShapeError } from "../errors.js";
import { type OpAttrs, type OpName, outputShape, type Shape } from "./ops.js";

/** `input`: given at each run; `param`: given once; `state`: kept on the device between runs; `temp`: made by a call. */
export type Role = "input" | "param" | "state" | "temp";

/** A tensor that does not exist yet. */
export interface Value {
  readonly name: string;
  readonly role: Role;
  readonly shape: Shape;
}

/** One op applied to values. */
export interface Call<K extends OpName = OpName> {
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly attrs: OpAttrs[K];
}

/** A call of any op, as a union that `switch (call.op)` narrows. */
export type AnyCall = { [K in OpName]: Call<K> }[OpName];

export class Tape {
  readonly calls: AnyCall[] = [];
  readonly inputs = new Map<string, Value>();
  readonly params = new Map<string, Value>();

  /** Declares what every run is given. */
  input(name: string, shape: Shape): Value {
    return this.declare(this.inputs, "input", name, shape);
  }

  /** Declares a parameter by its state-dict name; the same name is the same parameter. */
  param(name: string, shape: Shape): Value {
    return this.declare(this.params, "param", name, shape);
  }

  /** Records a call at `place` (for messages) and returns its output. @throws ShapeError */
  call<K extends OpName>(op: K, place: string, inputs: readonly Value[], attrs: OpAttrs[K]): Value {
    const shape = outputShape(op, place, inputs, attrs);
    const output: Value = { name: place ? `${place}/${op}` : op, role: "temp", shape };
    this.calls.push({ op, inputs, output, attrs } as AnyCall);
    return output;
  }

  private declare(table: Map<string, Value>, role: Role, name: string, shape: Shape): Value {
    const known = table.get(name);
    if (known && String(known.shape) !== String(shape)) {
      throw new ShapeError("SHAPE_MISMATCH", `${role} "${name}" is [${known.shape}] and cannot also be [${shape}]`);
    }
    const value = known ?? { name, role, shape };
    table.set(name, value);
    return value;
  }
}
