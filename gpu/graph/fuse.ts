/** Rewrites a tape so that pointwise work rides in a matmul's epilogue: linear+gelu and linear+add become one call. */

import type { AnyCall, Call, Value } from "./tape.js";

/**
 * Returns the calls with every fusable pair replaced at the second call's place. The first call stays on the list, unused:
 * `plan` drops what is dead.
 */
export function fuse(calls: readonly AnyCall[], outputs: readonly Value[]): AnyCall[] {
  const uses = new Map<Value, number>();
  for (const value of [...calls.flatMap((call) => call.inputs), ...outputs])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  const madeBy = new Map(calls.map((call) => [call.output, call]));

  /** The linear call that makes `value`, if nobody else reads it. */
  const onlyLinear = (value: Value): Call<"linear"> | undefined => {
    const call = madeBy.get(value);
    return call?.op === "linear" && uses.get(value) === 1 ? call : undefined;
  };

  return calls.map((call): AnyCall => {
    if (call.op === "gelu") {
      const linear = onlyLinear(call.inputs[0]);
      if (linear) return { op: "linearGelu", inputs: linear.inputs, output: call.output, attrs: {} };
    }
    if (call.op === "add") {
      const [a, b] = call.inputs;
      const linear = onlyLinear(b) ?? onlyLinear(a);
      if (linear) {
        const residual = linear.output === b ? a : b;
        return { op: "linearAdd", inputs: [...linear.inputs, residual], output: call.output, attrs: {} };
      }
    }
    return call;
  });
}
