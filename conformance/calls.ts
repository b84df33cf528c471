/** One call of an op with numbers for its inputs: made, run on a device, and judged against float64. */

import type { Device } from "../gpu/device.js";
import type { AttrsOf, OpRule, Shape } from "../gpu/graph/op.js";
import { type Plan, plan } from "../gpu/graph/plan.js";
import { type Call, Tape, type Value } from "../gpu/graph/tape.js";
import { type OpName, type Ops, ops as table } from "../gpu/ops/index.js";
import { f16ToF32, f32ToF16 } from "../sdk/wasm/half.js";
import type { Level } from "./case.js";
import { certain, isNarrow, narrowed, probable, type SumError, size } from "./ops/define.js";
import { evaluate, homeOf, ops } from "./reference.js";
import { measure } from "./score.js";
import type { Case, Finding } from "./suite.js";

/** The call of `op` on inputs of these shapes, each in the layout that the op reads. */
export function callOf<K extends OpName>(op: K, shapes: readonly Shape[], attrs: AttrsOf<Ops[K]>): Call {
  const tape = new Tape(table);
  const { inputs, layouts }: OpRule = table[op];
  const values = shapes.map((shape, i) => tape.param(`input${i}`, shape, layouts?.[inputs[i]]));
  tape.call(op, "", values, attrs);
  return tape.calls[0];
}

/** A compiled plan on a device, with what its runs read. */
export async function compiled(device: Device, planned: Plan, numbersOf: (value: Value) => Float32Array) {
  const bound = new Map<Value, unknown>();
  const release = () => {
    for (const buffer of bound.values()) device.release(buffer);
  };
  try {
    for (const value of planned.given) {
      bound.set(value, await device.param(value, numbersOf(value)));
    }
    const program = await device.compile(planned, bound);
    return {
      program,
      /** Changes what runs read, except for what lies packed. */
      async write(numbersOf: (value: Value) => Float32Array) {
        for (const [value, buffer] of bound) {
          if (value.layout === "rows") await device.write(buffer, numbersOf(value));
        }
      },
      destroy() {
        program.destroy();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** The outputs of a plan on a device; `numbersOf` gives what each value holds that no call makes. Everything else starts as NaN. */
export async function runPlan(
  device: Device,
  planned: Plan,
  numbersOf: (value: Value) => Float32Array,
): Promise<Float32Array[]> {
  const { program, destroy } = await compiled(device, planned, numbersOf);
  try {
    for (const [i, { shape }] of planned.outputs.entries()) {
      await device.write(program.outputs[i], new Float32Array(size(shape)).fill(Number.NaN));
    }
    await program.run();
    return await program.read();
  } finally {
    destroy();
  }
}

/** Compiles one call; its numbers are in the order of its inputs. */
export const planOf = (call: Call): Plan => plan([call], call.outputs);
export const inOrder = (call: Call, inputs: readonly Float32Array[]) => (value: Value) =>
  inputs[call.inputs.indexOf(value)];

/** The outputs of one call. */
export const runCall = (device: Device, call: Call, inputs: readonly Float32Array[]): Promise<Float32Array[]> =>
  runPlan(device, planOf(call), inOrder(call, inputs));

/** The float64 outputs of a call, and how far each number of a correct device may be from them. */
export function expectedOf(device: Device, call: Call, inputs: readonly Float32Array[]) {
  const home = homeOf(call);
  const exact = inputs.map((x, i) => new Float64Array(isNarrow(device, home, i) ? f16ToF32(f32ToF16(x)) : x));
  const outputs = evaluate(call, exact);
  const integers = device.weights === "int8" ? home.integerBound?.(call, exact) : undefined;
  const boundsBy = (sums: SumError) => {
    const bounds = home.bound?.(call, exact, outputs, sums) ?? outputs.map((y) => new Float64Array(y.length));
    return bounds.map((bound, at) => {
      const added = integers?.[at];
      const whole = added ? bound.map((b, i) => b + added[i]) : bound;
      return device.numberBytes === 2 && !home.isWide && home.bound ? narrowed(outputs[at], whole) : whole;
    });
  };
  return { outputs, bounds: boundsBy(probable), certain: () => boundsBy(certain) };
}

const flat = (arrays: readonly (Float32Array | Float64Array)[]) =>
  arrays.length === 1 ? arrays[0] : Float64Array.from(arrays.flatMap((a) => [...a]));

/** Runs a call and compares every number. The reason tells the share of the bound that holds without any assumption on roundings. */
export async function measureCall(device: Device, call: Call, inputs: readonly Float32Array[]): Promise<Finding> {
  const { outputs, bounds, certain } = expectedOf(device, call, inputs);
  const [actual, expected] = [flat(await runCall(device, call, inputs)), flat(outputs)];
  const finding = measure(actual, expected, flat(bounds));
  if (finding.use === 0) return finding;
  const { use } = measure(actual, expected, flat(certain()));
  return { ...finding, reason: `${use.toPrecision(2)} of the worst-case bound` };
}

/** What homes ask of their ops at a level. */
export const questionsOf = (level: Level, device: Device): Case[] =>
  ops.flatMap(([name, { questions = [] }]) =>
    questions
      .filter(({ id }) => id.startsWith(level))
      .map(({ id, scope, boundKind, skip, ask }) => ({
        id,
        level,
        scope,
        boundKind,
        skip: skip?.(device),
        measure: () =>
          ask({
            device,
            run: (shapes, attrs, inputs) => runCall(device, callOf(name, shapes, attrs as never), inputs),
            measure: (shapes, attrs, inputs) => measureCall(device, callOf(name, shapes, attrs as never), inputs),
          }),
      })),
  );
