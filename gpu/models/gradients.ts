/** A function of a model, and the gradients of its parameters. */

import { grad } from "../graph/grad.js";
import { Tape, type Value } from "../graph/tape.js";
import { trainOps } from "../ops/train.js";
import { type FunctionConfig, type FunctionName, type FunctionOptions, type Shapes, trace } from "./functions.js";

export interface TracedGradients {
  readonly tape: Tape;
  /** As `trace` gives them. */
  readonly outputs: readonly Value[];
  /** The input that holds the gradient of the last output. */
  readonly dy: Value;
  /** A state for each parameter that the last output depends on; a run adds the gradient to it. */
  readonly gradients: ReadonlyMap<Value, Value>;
}

/** Records a function and its backward pass, which begins at the last output. @throws ShapeError, MaskFeatError GRAD_NONE */
export function traceGradients(
  name: FunctionName,
  c: FunctionConfig,
  shapes: Shapes,
  o: FunctionOptions = {},
): TracedGradients {
  const tape = new Tape(trainOps);
  const { outputs } = trace(name, c, shapes, o, tape);
  const y = outputs[outputs.length - 1];
  const dy = tape.input("dy", y.shape);
  const gradients = grad(tape, y, dy, {
    add: (a, b) => tape.call("add", `gradient of ${a.name}`, [a, b], {})[0],
    accumulate: (total, x) => void tape.call("accumulate", total.name, [total, x], {}),
  });
  return { tape, outputs, dy, gradients };
}
