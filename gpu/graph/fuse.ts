/**
 * Rewrites a tape into less work: linear+gelu and linear+add become one call, so that pointwise work rides in a matmul's epilogue; and a
 * norm whose class token alone is read normalises that token alone.
 */

import { type OpName, outputShape } from "./ops.js";
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

  /** The call of `op` that makes `value`, if nobody else reads it. */
  const only = <K extends OpName>(op: K, value: Value): Call<K> | undefined => {
    const call = madeBy.get(value);
    return call?.op === op && uses.get(value) === 1 ? (call as Call<K>) : undefined;
  };

  return calls.flatMap((call): AnyCall[] => {
    if (call.op === "gelu") {
      const linear = only("linear", call.inputs[0]);
      if (linear) return [{ op: "linearGelu", inputs: linear.inputs, output: call.output, attrs: {} }];
    }
    if (call.op === "add") {
      const [a, b] = call.inputs;
      const linear = only("linear", b) ?? only("linear", a);
      if (linear) {
        const residual = linear.output === b ? a : b;
        return [{ op: "linearAdd", inputs: [...linear.inputs, residual], output: call.output, attrs: {} }];
      }
    }
    if (call.op === "classToken") {
      const norm = only("layerNorm", call.inputs[0]);
      if (norm) return tokenBeforeNorm(call, norm);
    }
    return [call];
  });
}

/** Norms go row by row, so the class token may be taken before one. */
function tokenBeforeNorm(call: Call<"classToken">, { inputs: [x, weight, bias], attrs }: Call<"layerNorm">): AnyCall[] {
  const token: Value = { name: call.output.name, role: "temp", shape: outputShape("classToken", "", [x], {}) };
  return [
    { op: "classToken", inputs: [x], output: token, attrs: {} },
    { op: "layerNorm", inputs: [token, weight, bias], output: call.output, attrs },
  ];
}
