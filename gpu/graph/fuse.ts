/**
 * Rewrites a tape into less work: pointwise work rides in the epilogue of the op before it (linear+gelu, linear+add), and rows are selected
 * before an op that goes row by row, so that only those are computed.
 */

import { type Call, updatedBy, type Value } from "./tape.js";

/**
 * Returns the calls with every fusable pair replaced at the second call's place. The first call stays on the list, unused:
 * `plan` drops what is dead.
 */
export function fuse(calls: readonly Call[], outputs: readonly Value[]): Call[] {
  const uses = new Map<Value, number>();
  for (const value of [...calls.flatMap((call) => call.inputs), ...outputs])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  const made = new Map(calls.flatMap((call, i) => call.outputs.map((value) => [value, { call, i }] as const)));

  /** The call that makes `value`, if only call number `at` reads it and nothing that it reads changes until then. */
  const before = (value: Value, at: number): Call | undefined => {
    const found = made.get(value);
    if (!found || uses.get(value) !== 1 || found.call.outputs.length > 1) return undefined;
    const changed = calls.slice(found.i + 1, at).flatMap(updatedBy);
    return found.call.inputs.some((input) => changed.includes(input)) ? undefined : found.call;
  };

  return calls.flatMap((call, at): Call[] => {
    const { rule, inputs } = call;
    if (rule.epilogue !== undefined) {
      // the second operand first: in x + f(x) it is the branch
      for (const value of inputs.toReversed()) {
        const first = before(value, at);
        if (first && takes(first, rule.epilogue)) return [withEpilogue(first, call, value)];
      }
    }
    const first = rule.selectsRows ? before(inputs[0], at) : undefined;
    return first?.rule.rowwise ? selectedBefore(call, first) : [call];
  });
}

const takes = ({ rule, attrs }: Call, epilogue: string): boolean =>
  rule.takesEpilogues?.includes(epilogue) === true && !("epilogue" in attrs);

/** `first`, whose output is `value`, with the work of `call` in its epilogue. */
function withEpilogue(first: Call, { rule, inputs, outputs }: Call, value: Value): Call {
  const others = inputs.filter((input) => input !== value);
  const attrs = { ...first.attrs, epilogue: rule.epilogue };
  return { ...first, inputs: [...first.inputs, ...others], outputs, attrs };
}

/** Selects of the input of `first` what `call` selects of its output. */
function selectedBefore(call: Call, first: Call): Call[] {
  const [output] = call.outputs;
  const [x, ...others] = first.inputs;
  const rows: Value = { ...output, role: "temp" };
  return [
    { ...call, inputs: [x], outputs: [rows] },
    { ...first, inputs: [rows, ...others], outputs: [output] },
  ];
}
