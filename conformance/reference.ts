/** Every op, and every plan, in float64: the oracle of all devices. The definitions are in the ops' homes (ops/). */

import type { AttrsOf } from "../gpu/graph/op.js";
import type { Plan } from "../gpu/graph/plan.js";
import { type Call, updatedBy, type Value } from "../gpu/graph/tape.js";
import type { OpName, Ops } from "../gpu/ops/index.js";
import type { GradientName, TrainOps } from "../gpu/ops/train.js";
import type { Arrays, Definition, Op } from "./ops/define.js";
import * as definitions from "./ops/gradients.js";
import * as homes from "./ops/index.js";

/** An op without a home does not compile. */
const complete: { readonly [K in OpName]: Op<AttrsOf<Ops[K]>> } = homes;

/** Names of ops, each with its home. */
export const ops = Object.entries(complete) as unknown as readonly (readonly [OpName, Op])[];

export const homeOf = ({ op }: Call): Op => complete[op as OpName] as Op;

/** A gradient without a definition does not compile. */
const gradients: { readonly [K in GradientName]: Definition<AttrsOf<TrainOps[K]>> } = definitions;

/** The outputs of one call in float64; of one that updates state, what that becomes. */
export function evaluate(call: Call, inputs: Arrays): Float64Array[] {
  const { evaluate: define }: Definition = complete[call.op as OpName] ?? gradients[call.op as GradientName];
  return define(call, inputs);
}

/**
 * Runs a whole plan in float64; `given` has the numbers of each of the plan's inputs and parameters, `stored` what remains of a call's
 * outputs where they are stored.
 */
export function runPlan(
  plan: Plan,
  given: (value: Value) => Float64Array,
  stored: (call: Call, outputs: Float64Array[]) => Float64Array[] = (_, outputs) => outputs,
): Float64Array[] {
  const made = new Map<Value, Float64Array>();
  const numbersOf = (value: Value) => made.get(value) ?? given(value);
  for (const call of plan.calls) {
    const outputs = stored(call, evaluate(call, call.inputs.map(numbersOf)));
    const changed = [...call.outputs, ...updatedBy(call)];
    for (const [i, value] of changed.entries()) made.set(value, outputs[i]);
  }
  return plan.outputs.map(numbersOf);
}
