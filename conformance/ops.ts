/** One call of an op with numbers for its inputs: made, run on a device, and judged against float64. */

import type { Device } from "../gpu/device.js";
import { type OpAttrs, type OpName, type Shape, size } from "../gpu/graph/ops.js";
import { type Plan, plan } from "../gpu/graph/plan.js";
import { type AnyCall, Tape, type Value } from "../gpu/graph/tape.js";
import { paramUses } from "../sdk/model/parameters.js";
import { f16ToF32, f32ToF16 } from "../sdk/wasm/half.js";
import { certain, errorBound, integerBound } from "./bounds.js";
import { evaluate } from "./reference.js";
import { measure } from "./score.js";
import type { Finding } from "./suite.js";

/** A repeatable stream of numbers in [-1, 1) (xorshift32; Marsaglia, 2003). */
export function uniform(seed: number): () => number {
  let x = seed * 2654435761 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 31 - 1;
  };
}

/** The call of `op` on inputs of these shapes. */
export function callOf<K extends OpName>(op: K, shapes: readonly Shape[], attrs: OpAttrs[K]): AnyCall {
  const tape = new Tape();
  const values = shapes.map((shape, i) => tape.input(`input${i}`, shape));
  tape.call(op, "", values, attrs);
  return tape.calls[0];
}

/** The outputs of a plan on a device; `numbersOf` gives what each value holds that no call makes. Everything else starts as NaN. */
export async function runPlan(
  device: Device,
  planned: Plan,
  numbersOf: (value: Value) => Float32Array,
): Promise<Float32Array[]> {
  const uses = paramUses(planned.calls);
  const bound = new Map<Value, unknown>();
  try {
    for (const value of planned.given) {
      bound.set(value, await device.param(value, numbersOf(value), uses.get(value.name) ?? "plain"));
    }
    const program = await device.compile(planned, bound);
    for (const [i, { shape }] of planned.outputs.entries()) {
      await device.write(program.outputs[i], new Float32Array(size(shape)).fill(Number.NaN));
    }
    const outputs = await program.run();
    program.destroy();
    return outputs;
  } finally {
    for (const buffer of bound.values()) device.release(buffer);
  }
}

/** The output of one call. */
export async function runCall(device: Device, call: AnyCall, inputs: readonly Float32Array[]): Promise<Float32Array> {
  const [output] = await runPlan(device, plan([call], [call.output]), (value) => inputs[call.inputs.indexOf(value)]);
  return output;
}

/** Of storing a number as f16: relative for normal numbers, absolute below them. */
const HALF = { largest: 65504, relative: 2 ** -11, absolute: 2 ** -25 };

/** Whether input `i` of a call is kept as f16: all numbers on a device that stores them, the weights of products on one that keeps those. */
const isHalf = ({ numberBytes, weights }: Device, { op }: AnyCall, i: number) =>
  numberBytes === 2 || (weights === "f16" && op.startsWith("linear") && i === 1);

/** Why a device that stores f16 cannot take these numbers, if it cannot. */
function misfit(device: Device, call: AnyCall, inputs: readonly Float32Array[], output: Float64Array) {
  const tooLarge = (x: ArrayLike<number>) => Array.prototype.some.call(x, (v) => Math.abs(v) > HALF.largest);
  const stored: ArrayLike<number>[] = inputs.filter((_, i) => isHalf(device, call, i));
  if (device.numberBytes === 2) stored.push(output);
  return stored.some(tooLarge) ? "numbers beyond what f16 holds" : undefined;
}

/** The float64 result of a call, and how far each number of a correct device may be from it. */
export function expectedOf(device: Device, call: AnyCall, inputs: readonly Float32Array[]) {
  const exact = inputs.map((x, i) => Float64Array.from(isHalf(device, call, i) ? f16ToF32(f32ToF16(x)) : x));
  const output = evaluate(call, exact);
  // a sum is kept in f32 by every device
  const narrow = device.numberBytes === 2 && call.op !== "maskedMse";
  const integers = device.weights === "int8" ? integerBound(call, exact) : undefined;
  const widened = (bound: Float64Array) => {
    const whole = integers ? bound.map((b, i) => b + integers[i]) : bound;
    return narrow ? whole.map((b, i) => b + HALF.relative * (Math.abs(output[i]) + b) + HALF.absolute) : whole;
  };
  return {
    output,
    bound: widened(errorBound(call, exact, output)),
    certain: () => widened(errorBound(call, exact, output, certain)),
  };
}

/** Runs a call and compares every number. The reason tells the share of the bound that holds without any assumption on roundings. */
export async function measureCall(device: Device, call: AnyCall, inputs: readonly Float32Array[]): Promise<Finding> {
  const { output, bound, certain } = expectedOf(device, call, inputs);
  const cannot = misfit(device, call, inputs, output);
  if (cannot) return { ...measure([], [], []), reason: cannot };
  const actual = await runCall(device, call, inputs);
  const finding = measure(actual, output, bound);
  if (finding.use === 0) return finding;
  return { ...finding, reason: `${measure(actual, output, certain()).use.toPrecision(2)} of the worst-case bound` };
}
