/**
 * The backward pass: reverse-mode differentiation of a tape (Linnainmaa, 1970), recorded on the same tape as more calls. Gradients of
 * parameters are state and accumulate, so that several batches add up before the update; gradients of activations are temps and are
 * assigned. A value that several calls read has the sum of what they give.
 */

import { MaskFeatError } from "../errors.js";
import type { Call, Tape, Value } from "./tape.js";

/** How gradients are summed. */
export interface Sums {
  /** a + b. */
  add(a: Value, b: Value): Value;
  /** total += x. */
  accumulate(total: Value, x: Value): void;
}

/** The name of the state that holds the gradient of a parameter. */
export const gradientName = (parameter: string): string => `gradient/${parameter}`;

/**
 * Records the gradients of every parameter that `y` depends on, where `dy` is the gradient of `y`. Returns a state for each parameter, to
 * which each run adds.
 * @throws MaskFeatError GRAD_NONE for an op that has no gradient rule
 */
export function grad(tape: Tape, y: Value, dy: Value, sums: Sums): Map<Value, Value> {
  const forward = [...tape.calls];
  const learns = learning(forward);
  const gradients = new Map<Value, Value>([[y, dy]]);
  for (const call of forward.toReversed()) {
    const [output] = call.outputs;
    const given = gradients.get(output);
    if (!given || !learns.has(output)) continue;
    const found = inputGradients(tape, call, given);
    call.inputs.forEach((input, i) => {
      const [sum, more] = [gradients.get(input), found[i]];
      if (more && learns.has(input)) gradients.set(input, sum ? sums.add(sum, more) : more);
    });
  }
  const totals = new Map<Value, Value>();
  for (const parameter of tape.params.values()) {
    const gradient = gradients.get(parameter);
    if (!gradient) continue;
    const total = tape.state(gradientName(parameter.name), parameter.shape);
    sums.accumulate(total, gradient);
    totals.set(parameter, total);
  }
  return totals;
}

/** Parameters, and what calls make of them. */
function learning(calls: readonly Call[]): Set<Value> {
  const found = new Set<Value>();
  for (const { inputs, outputs } of calls) {
    for (const input of inputs) if (input.role === "param") found.add(input);
    if (inputs.some((input) => found.has(input))) for (const output of outputs) found.add(output);
  }
  return found;
}

function inputGradients(tape: Tape, { op, rule, inputs, outputs, attrs }: Call, dy: Value) {
  const { name } = outputs[0];
  const record = (gradient: string, values: readonly Value[], more = {}) =>
    tape.call(gradient, name, values, more as never);
  const found = rule.grad?.({ inputs, attrs: attrs as never, record }, dy);
  if (found) return found;
  throw new MaskFeatError("GRAD_NONE", `${name}: ${op} has no gradient, and parameters are learnt through it`);
}
