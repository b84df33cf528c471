/** What C0 asks of a device: questions whose answers are known without computing. */

import type { Device } from "../../gpu/device.js";
import { fanIn, type OpAttrs, type OpName, type Shape, size } from "../../gpu/graph/ops.js";
import { plan } from "../../gpu/graph/plan.js";
import type { AnyCall, Value } from "../../gpu/graph/tape.js";
import { paramUses } from "../../sdk/model/parameters.js";
import { f16ToF32, f32ToF16 } from "../../sdk/wasm/half.js";
import { callOf, expectedOf, runCall, uniform } from "../ops.js";
import { exactly, measure } from "../score.js";
import type { Finding } from "../suite.js";

export type Work = (device: Device) => Promise<Finding>;

/** A seed of this run: what a device gives back cannot have been there before. */
const fresh = () => crypto.getRandomValues(new Uint32Array(1))[0];

/** Whole numbers from -limit to limit. */
function integers(count: number, limit: number, seed: number): Float32Array {
  const draw = uniform(seed);
  return new Float32Array(count).map(() => Math.round(draw() * limit));
}

/** Rows of whole numbers that 8-bit integers hold exactly, as each begins with the largest. */
const bytes = (count: number, width: number, seed: number) =>
  integers(count, 127, seed).map((v, i) => (i % width ? v : v < 0 ? -127 : 127));

/** Compares two results number by number; NaN equals NaN. */
function sameNumbers(actual: Float32Array, expected: Float32Array): Finding {
  const wrong = expected.findIndex((v, i) => !Object.is(actual[i], v) && actual[i] !== v);
  if (wrong < 0 && actual.length === expected.length) return exactly(expected.length, 0);
  const count = expected.reduce((sum, v, i) => sum + (Object.is(actual[i], v) || actual[i] === v ? 0 : 1), 0);
  return {
    ...exactly(expected.length, Math.max(1, count)),
    reason: `number ${wrong} is ${actual[wrong]}, expected ${expected[wrong]}`,
  };
}

/** What is wrong with an answer that is not a number somewhere, or the same everywhere: it would agree with itself. */
function lifeless(answer: Float32Array): Finding | undefined {
  const odd = answer.find((v) => !Number.isFinite(v));
  if (odd === undefined && (answer.length === 1 || answer.some((v) => v !== answer[0]))) return undefined;
  const reason = odd === undefined ? `all numbers are ${answer[0]}` : `a number is ${odd}`;
  return { ...exactly(answer.length, answer.length), reason };
}

/** Bytes there and back through a buffer alone. */
export const canary = (count: number): Work => {
  return async (device) => {
    const given = integers(count, 2047, fresh());
    const buffer = await device.buffer(count, "canary");
    await device.write(buffer, given);
    const found = await device.read(buffer, count);
    device.release(buffer);
    return sameNumbers(found, given);
  };
};

/** A call whose answer is exact: float64 gives the same numbers, whatever the order of its sums. */
export function exactCall<K extends OpName>(op: K, shapes: readonly Shape[], attrs: OpAttrs[K], limit: number): Work {
  return async (device) => {
    const call = callOf(op, shapes, attrs);
    const inBytes = device.weights === "int8" && op.startsWith("linear");
    const inputs = shapes.map((shape, i) =>
      inBytes && i < 2 ? bytes(size(shape), fanIn(shapes[1]), fresh() + i) : integers(size(shape), limit, fresh() + i),
    );
    const mask = { maskTokens: 1 }[op as string];
    if (mask !== undefined) inputs[mask] = inputs[mask].map((v) => (v > 0 ? 1 : 0));
    const { output } = expectedOf(device, call, inputs);
    return sameNumbers(await runCall(device, call, inputs), Float32Array.from(output));
  };
}

/** Runs a compiled call on several inputs, one after the other; buffers, and the weights of matrix products, are those of the first run. */
async function runs(
  device: Device,
  call: AnyCall,
  many: readonly (readonly Float32Array[])[],
): Promise<Float32Array[]> {
  const uses = paramUses([call]);
  const bound = new Map<Value, unknown>();
  for (const [i, value] of call.inputs.entries()) {
    bound.set(value, await device.param(value, many[0][i], uses.get(value.name) ?? "plain"));
  }
  const program = await device.compile(plan([call], [call.output]), bound);
  const outputs: Float32Array[] = [];
  for (const inputs of many) {
    for (const [i, value] of call.inputs.entries()) {
      if (uses.get(value.name) === "plain") await device.write(bound.get(value), inputs[i]);
    }
    const [output] = await program.run();
    outputs.push(output.slice());
  }
  program.destroy();
  for (const buffer of bound.values()) device.release(buffer);
  return outputs;
}

/** Real numbers for a call's inputs. */
function realInputs(call: AnyCall, seed: number): Float32Array[] {
  const draw = uniform(seed);
  return call.inputs.map((value, i) => {
    const isMask = call.op === "maskedMse" && i === 2;
    return new Float32Array(size(value.shape)).map(() => (isMask ? Number(draw() > 0) : draw()));
  });
}

const bits = (x: Float32Array) => new Float32Array(new Uint32Array(x.buffer, x.byteOffset, x.length));

/** The same call again gives the same bits: no race decides the order of a sum, and no run leaves anything to the next. */
export function repeats<K extends OpName>(op: K, shapes: readonly Shape[], attrs: OpAttrs[K]): Work {
  return async (device) => {
    const call = callOf(op, shapes, attrs);
    const [first, other] = [realInputs(call, 5), realInputs(call, 6)];
    const [a, b, again, c] = await runs(device, call, [first, other, first, first]);
    const dead = lifeless(a) ?? lifeless(b);
    if (dead) return dead;
    const differs = b.some((v, i) => v !== a[i]);
    if (!differs) return { ...exactly(a.length, a.length), reason: "other inputs gave the same output" };
    const found = sameNumbers(bits(again), bits(a));
    return found.use > 0 ? found : sameNumbers(bits(c), bits(a));
  };
}

/** An item's answer does not depend on the batch that it travels in. `batched`: which inputs have an item for each of the batch. */
export function alone<K extends OpName>(
  op: K,
  item: readonly Shape[],
  batched: readonly number[],
  attrs: OpAttrs[K],
  batch: number,
): Work {
  return async (device) => {
    const shapes = item.map((shape, i) => (batched.includes(i) ? [batch, ...shape.slice(1)] : shape));
    const [all, one] = [callOf(op, shapes, attrs), callOf(op, item, attrs)];
    const inputs = realInputs(all, 9);
    const last = inputs.map((x, i) => (batched.includes(i) ? x.slice(x.length - x.length / batch) : x));
    const [together, single] = [await runCall(device, all, inputs), await runCall(device, one, last)];
    return lifeless(single) ?? sameNumbers(bits(together.slice(-single.length)), bits(single));
  };
}

/** Two programs in turn do not disturb each other. */
export const alternating: Work = async (device) => {
  const calls = [callOf("add", [[1021], [1021]], {}), callOf("gelu", [[509]], {})];
  const inputs = calls.map((call) => realInputs(call, fresh()));
  const singly = [await runCall(device, calls[0], inputs[0]), await runCall(device, calls[1], inputs[1])];
  const dead = lifeless(singly[0]) ?? lifeless(singly[1]);
  if (dead) return dead;
  for (let i = 0; i < 6; i++) {
    const found = sameNumbers(bits(await runCall(device, calls[i % 2], inputs[i % 2])), bits(singly[i % 2]));
    if (found.use > 0) return found;
  }
  return exactly(1530, 0);
};

/** What `add` makes of pairs. */
async function sums(device: Device, pairs: readonly (readonly [number, number])[]): Promise<Float32Array> {
  const [a, b] = [0, 1].map((side) => Float32Array.from(pairs, (pair) => pair[side]));
  return runCall(device, callOf("add", [[pairs.length], [pairs.length]], {}), [a, b]);
}

/** What a device stores: binary digits of a number, and the exponent of the smallest normal one. */
const formatOf = ({ numberBytes }: Device) =>
  numberBytes === 2 ? { digits: 11, least: -14, stored: toHalf } : { digits: 24, least: -126, stored: Math.fround };

const toHalf = (x: number) => f16ToF32(f32ToF16(Float32Array.of(x)))[0];

/** Sums that a stored number cannot hold become one of their neighbours; which one is told. */
export const rounding: Work = async (device) => {
  const { digits, stored } = formatOf(device);
  const pairs = Array.from({ length: 64 }, (_, i) => [2 ** digits + 2 * i, 1] as const);
  const actual = await sums(device, pairs);
  const exact = pairs.map(([a, b]) => a + b);
  const nearest = actual.every((v, i) => v === stored(exact[i]));
  const down = actual.every((v, i) => v < exact[i]);
  const reason = nearest ? "to the nearest, ties to even" : down ? "toward zero" : "neither to nearest nor toward zero";
  return { ...measure(actual, exact, 2), reason };
};

/** Results below the smallest normal number are kept or become zero; which is told. */
export const denormals: Work = async (device) => {
  const { least } = formatOf(device);
  const given = Array.from({ length: 24 }, (_, i) => 2 ** (least - i));
  const actual = await sums(
    device,
    given.map((v) => [v, 0] as const),
  );
  const reason = actual.every((v) => v === 0 || v === 2 ** least) ? "flushed to zero" : "kept";
  return { ...measure(actual, given, 2 ** least), reason };
};

/** x w + b in one rounding or in two; which is told. */
export const fused: Work = async (device) => {
  const call = callOf("linear", [[64, 1], [1, 1], [1]], {});
  const x = Float32Array.from({ length: 64 }, (_, i) => 1 + (i + 1) * 2 ** -20);
  const inputs = [x, Float32Array.of(1 + 2 ** -10), Float32Array.of(-1)];
  const actual = await runCall(device, call, inputs);
  const { output, bound } = expectedOf(device, call, inputs);
  const once = actual.every((v, i) => v === Math.fround(output[i]));
  return { ...measure(actual, output, bound), reason: once ? "fused multiply-add" : "product rounded, then the sum" };
};

/** NaN and infinities do not turn into numbers on their way; products of integers make NaN of an infinity. */
export const survives = (special: number): Work => {
  return async (device) => {
    const rows = await runCall(device, callOf("linear", [[4, 8], [4, 8], [4]], {}), [
      new Float32Array(32).map((_, i) => (i === 19 ? special : 1)),
      new Float32Array(32).fill(1),
      new Float32Array(4).fill(0),
    ]);
    const expected = new Float32Array(16).map((_, i) =>
      i < 8 || i >= 12 ? 8 : device.weights === "int8" ? Number.NaN : special,
    );
    const found = sameNumbers(rows, expected);
    return found.use > 0
      ? found
      : sameNumbers(
          await sums(device, [
            [special, 1],
            [1, 1],
          ]),
          Float32Array.of(special, 2),
        );
  };
};

/** Released memory is given out again; what was there does not show through. */
export const reuse: Work = async (device) => {
  for (let i = 0; i < 8; i++) {
    const count = 1000 + 64 * i;
    const found = await canary(count)(device);
    if (found.use > 0) return found;
  }
  return exactly(8, 0);
};
