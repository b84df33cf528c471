/** The tape: symbolic values, and the op calls that make them, in order. */

import { ShapeError } from "../errors.js";
import { type AttrsOf, expect, type Layout, type OpRule, type OpTable, type Shape, type Value } from "./op.js";

export type { Role, Value } from "./op.js";

/** One op applied to values. */
export interface Call {
  /** The op's name in the tape's table. */
  readonly op: string;
  readonly rule: OpRule;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attrs: object;
}

/** The inputs that a call updates in place. */
export const updatedBy = ({ rule, inputs }: Call): Value[] =>
  inputs.filter((_, i) => rule.updates?.includes(rule.inputs[i]));

export class Tape<T extends OpTable = OpTable> {
  readonly calls: Call[] = [];
  readonly inputs = new Map<string, Value>();
  readonly params = new Map<string, Value>();
  readonly states = new Map<string, Value>();

  constructor(readonly ops: T) {}

  /** Declares what every run is given. */
  input(name: string, shape: Shape): Value {
    return declare(this.inputs, { name, role: "input", shape, layout: "rows" });
  }

  /** Declares a parameter by its state-dict name; the same name is the same parameter. @throws ShapeError */
  param(name: string, shape: Shape, layout: Layout = "rows"): Value {
    return declare(this.params, { name, role: "param", shape, layout });
  }

  /** Declares what the device keeps between runs and calls may update in place. @throws ShapeError */
  state(name: string, shape: Shape, layout: Layout = "rows"): Value {
    return declare(this.states, { name, role: "state", shape, layout });
  }

  /** Records a call at `place` (for messages) and returns its outputs. @throws ShapeError */
  call<K extends keyof T & string>(op: K, place: string, inputs: readonly Value[], attrs: AttrsOf<T[K]>): Value[] {
    const rule: OpRule = this.ops[op];
    const shapes = shapesOf(op, rule, place, inputs, attrs as never);
    const name = place ? `${place}/${op}` : op;
    const outputs = shapes.map((shape, i): Value => {
      const own = shapes.length > 1 ? `${name}.${rule.outputs[i]}` : name;
      return { name: own, role: "temp", shape, layout: "rows" };
    });
    this.calls.push({ op, rule, inputs, outputs, attrs: attrs as object });
    return outputs;
  }
}

function declare(table: Map<string, Value>, value: Value): Value {
  const { name, role, shape, layout } = value;
  const known = table.get(name) ?? value;
  if (String(known.shape) !== String(shape)) {
    throw new ShapeError("SHAPE_MISMATCH", `${role} "${name}" is [${known.shape}] and cannot also be [${shape}]`);
  }
  if (known.layout !== layout) {
    throw new ShapeError("LAYOUT_MISMATCH", `${role} "${name}" lies ${known.layout} and cannot also lie ${layout}`);
  }
  table.set(name, known);
  return known;
}

/** @throws ShapeError naming the op, its place in the model, and every input with its shape. */
function shapesOf(op: string, rule: OpRule, place: string, inputs: readonly Value[], attrs: never): readonly Shape[] {
  const least = rule.inputs.filter((name) => !name.endsWith("?")).length;
  try {
    const fits = inputs.length >= least && inputs.length <= rule.inputs.length;
    expect(fits, `takes (${rule.inputs.join(", ")})`);
    inputs.forEach(({ role }, i) => {
      const name = rule.inputs[i];
      expect(role === "state" || !rule.updates?.includes(name), `${name} is updated in place and must be state`);
    });
    const shapes = inputs.map(({ shape }) => shape);
    return rule.shape(shapes, attrs);
  } catch (why) {
    if (typeof why !== "string") throw why;
    const given = inputs.map((v, i) => `${rule.inputs[i] ?? "?"} "${v.name}" [${v.shape}]`).join(", ");
    throw new ShapeError("SHAPE_MISMATCH", `${op}${place ? ` at ${place}` : ""}: ${why}; given ${given}`);
  }
}
