/** Runs op cases on a device, in Node and in pages, and holds what comes out to float64. */

import { boundUse, errorBound } from "../conformance/bounds.js";
import { evaluate } from "../conformance/reference.js";
import type { Device } from "../gpu/device.js";
import { size } from "../gpu/graph/ops.js";
import { plan } from "../gpu/graph/plan.js";
import type { Value } from "../gpu/graph/tape.js";
import type { OpCase } from "./ops.cases.js";

/** Runs one call on a device; every number of the device's memory that is not an input starts as NaN. */
export async function runCase(device: Device, { call, inputs }: OpCase): Promise<Float32Array> {
  const planned = plan([call], [call.output]);
  const bound = new Map<Value, unknown>();
  for (const [i, value] of call.inputs.entries()) {
    const use = call.op.startsWith("linear") && i === 1 ? "weight" : "plain";
    bound.set(value, await device.param(value, inputs[i], use));
  }
  const program = await device.compile(planned, bound);
  const count = size(call.output.shape);
  device.write(program.outputs[0], new Float32Array(count).fill(Number.NaN));
  const [output] = await program.run();
  program.destroy();
  for (const buffer of bound.values()) device.release(buffer);
  return output;
}

const references = new Map<string, { output: Float64Array; bound: Float64Array }>();

/** The case in float64, and how far a correct f32 kernel may be from it. */
export function referenceOf({ name, call, inputs }: OpCase): { output: Float64Array; bound: Float64Array } {
  const known = references.get(name);
  if (known) return known;
  const exact = inputs.map((x) => Float64Array.from(x));
  const output = evaluate(call, exact);
  const reference = { output, bound: errorBound(call, exact, output) };
  references.set(name, reference);
  return reference;
}

/** The largest error of a device's output in units of the bound. */
export function useOf(c: OpCase, actual: ArrayLike<number>): number {
  const { output, bound } = referenceOf(c);
  return boundUse(actual, output, bound);
}

export const bitsOf = (x: Float32Array) => new Uint32Array(x.buffer, x.byteOffset, x.length);
