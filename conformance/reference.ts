/** Every op, and every plan, in float64: the oracle of all devices. The definitions are in the ops' homes (ops/). */

import type { AttrsOf } from "../gpu/graph/op.js";
import type { Plan } from "../gpu/graph/plan.js";
import type { Call, Value } from "../gpu/graph/tape.js";
import type { OpName, Ops } from "../gpu/ops/index.js";
import type { Arrays, Op } from "./ops/define.js";
import * as homes from "./ops/index.js";

/** An op without a home does not compile. */
const complete: { readonly [K in OpName]: Op<AttrsOf<Ops[K]>> } = homes;

/** Names of ops, each with its home. */
export const ops = Object.entries(complete) as unknown as readonly (readonly [OpName, Op])[];

export const homeOf = ({ op }: Call): Op => complete[op as OpName] as Op;

/** The outputs of one call in float64. */
export const evaluate = (call: Call, inputs: Arrays): Float64Array[] => homeOf(call).evaluate(call, inputs);

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
    for (const [i, value] of call.outputs.entries()) made.set(value, outputs[i]);
  }
  return plan.outputs.map(numbersOf);
}
