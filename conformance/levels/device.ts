/**
 * C0: what every kernel takes for granted of the device below it: that bytes come back as they went, that small integers are exact, that
 * runs repeat, that nothing is left over. No rounding is involved unless a case says so. Answers are known without computing.
 */

import type { Device } from "../../gpu/device.js";
import type { Call } from "../../gpu/graph/tape.js";
import type { OpName } from "../../gpu/ops/index.js";
import { callOf, compiled, expectedOf, inOrder, planOf, questionsOf, runCall } from "../calls.js";
import type { Scope } from "../case.js";
import { type OpCase, size, uniform } from "../ops/define.js";
import { homeOf, ops } from "../reference.js";
import { exactly, sameNumbers } from "../score.js";
import type { Case, Env, Finding } from "../suite.js";
import { textOf } from "./kernels.js";

type Work = (device: Device) => Promise<Finding>;

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

/** What is wrong with an answer that is not a number somewhere, or the same everywhere: it would agree with itself. */
function lifeless(answer: Float32Array): Finding | undefined {
  const odd = answer.find((v) => !Number.isFinite(v));
  if (odd === undefined && (answer.length === 1 || answer.some((v) => v !== answer[0]))) return undefined;
  const reason = odd === undefined ? `all numbers are ${answer[0]}` : `a number is ${odd}`;
  return { ...exactly(answer.length, answer.length), reason };
}

/** The first finding of something wrong, or the last one. */
const firstWrong = (findings: readonly (Finding | undefined)[]) =>
  (findings.find((found) => found && found.use > 0) ?? findings.at(-1)) as Finding;

/** Writes bytes to a buffer and reads them back; no kernel runs. */
async function canary(device: Device, count: number): Promise<Finding> {
  const given = integers(count, 2047, fresh());
  const buffer = await device.buffer(count, "canary");
  await device.write(buffer, given);
  const found = await device.read(buffer, count);
  device.release(buffer);
  return sameNumbers(found, given);
}

/** Released memory is given out again; what was there does not show through. */
async function reuse(device: Device): Promise<Finding> {
  for (let i = 0; i < 8; i++) {
    const found = await canary(device, 1000 + 64 * i);
    if (found.use > 0) return found;
  }
  return exactly(8, 0);
}

/** An answer that is exact: float64 gives the same numbers, whatever the order of its sums. */
async function exactCall(device: Device, call: Call, limit: number): Promise<Finding> {
  const { factors, masks } = homeOf(call);
  const inputs = call.inputs.map(({ shape }, i) => {
    if (masks?.includes(i)) return integers(size(shape), 1, fresh() + i).map(Math.abs);
    if (device.weights !== "int8" || !factors?.includes(i)) return integers(size(shape), limit, fresh() + i);
    return bytes(size(shape), size(call.inputs[factors[1]].shape.slice(1)), fresh() + i);
  });
  const { outputs } = expectedOf(device, call, inputs);
  const actual = await runCall(device, call, inputs);
  return firstWrong(actual.map((y, i) => sameNumbers(y, Float32Array.from(outputs[i]))));
}

/** Runs a compiled call on several inputs, one after the other; buffers, and the weights of matmuls, are those of the first run. */
async function runs(device: Device, call: Call, many: readonly (readonly Float32Array[])[]) {
  const { program, write, destroy } = await compiled(device, planOf(call), inOrder(call, many[0]));
  const outputs: Float32Array[][] = [];
  for (const inputs of many) {
    await write(inOrder(call, inputs));
    await program.run();
    outputs.push(await program.read());
  }
  destroy();
  return outputs;
}

/** Real numbers for a call's inputs. */
function realInputs(call: Call, seed: number): Float32Array[] {
  const draw = uniform(seed);
  const isMask = (i: number) => homeOf(call).masks?.includes(i);
  return call.inputs.map(({ shape }, i) =>
    new Float32Array(size(shape)).map(() => (isMask(i) ? Number(draw() > 0) : draw())),
  );
}

const bits = (x: Float32Array) => new Float32Array(new Uint32Array(x.buffer, x.byteOffset, x.length));
const sameBits = (a: Float32Array, b: Float32Array) => sameNumbers(bits(a), bits(b));

/** The same call again gives the same bits: no race decides the order of a sum, and no run leaves anything to the next. */
async function repeats(device: Device, call: Call): Promise<Finding> {
  const [first, other] = [realInputs(call, 5), realInputs(call, 6)];
  const [a, b, again, c] = await runs(device, call, [first, other, first, first]);
  const findings = a.map((y, i) => {
    const dead = lifeless(y) ?? lifeless(b[i]);
    if (dead) return dead;
    const differs = b[i].some((v, at) => v !== y[at]);
    if (!differs) return { ...exactly(y.length, y.length), reason: "other inputs gave the same output" };
    return firstWrong([sameBits(again[i], y), sameBits(c[i], y)]);
  });
  return firstWrong(findings);
}

/** Batches in which the items of a case travel. */
const BATCH = 3;

/** An item's answer does not depend on the batch that it travels in. `batched`: which inputs have an item for each of the batch. */
async function alone(device: Device, one: Call, batched: readonly number[]): Promise<Finding> {
  const shapes = one.inputs.map(({ shape: [B, ...rest] }, i) => [batched.includes(i) ? BATCH * B : B, ...rest]);
  const all = callOf(one.op as OpName, shapes, one.attrs as never);
  const inputs = realInputs(all, 9);
  const last = inputs.map((x, i) => (batched.includes(i) ? x.slice(x.length - x.length / BATCH) : x));
  const [together, single] = [await runCall(device, all, inputs), await runCall(device, one, last)];
  return firstWrong(single.map((y, i) => lifeless(y) ?? sameBits(together[i].slice(-y.length), y)));
}

/** Two programs in turn do not disturb each other. */
async function alternating(device: Device, calls: readonly Call[]): Promise<Finding> {
  const inputs = calls.map((call) => realInputs(call, fresh()));
  const singly = [await runCall(device, calls[0], inputs[0]), await runCall(device, calls[1], inputs[1])];
  const dead = lifeless(singly[0][0]) ?? lifeless(singly[1][0]);
  if (dead) return dead;
  const findings: Finding[] = [];
  for (let i = 0; i < 6; i++) {
    const [again] = await runCall(device, calls[i % 2], inputs[i % 2]);
    findings.push(sameBits(again, singly[i % 2][0]));
  }
  return firstWrong(findings);
}

const make = (name: string, scope: Scope, work: Work): Case => ({
  id: `C0/${name}`,
  level: "C0",
  boundKind: "exact",
  scope,
  measure: ({ device }) => work(device),
});

/** What is asked of an op at one of its shapes. */
function casesOf(call: Call, c: OpCase<object>): Case[] {
  const { bound, integers, batched } = homeOf(call);
  const limit = typeof integers === "function" ? integers(c.attrs) : integers;
  const asked = (what: string, work: Work) => make(`${what}/${call.op} ${textOf(c)}`, c.scope, work);
  return [
    ...(limit ? [asked(bound ? "integers" : "copy", (device) => exactCall(device, call, limit))] : []),
    ...(bound ? [asked("repeats", (device) => repeats(device, call))] : []),
    ...(batched ? [asked("batch", (device) => alone(device, call, batched))] : []),
  ];
}

export function deviceCases({ device }: Env): Case[] {
  const asked = ops.flatMap(([name, { cases }]) =>
    cases.filter((c) => c.onDevice).map((c) => ({ c, call: callOf(name, c.shapes, c.attrs as never) })),
  );
  const rounding = asked.map(({ call }) => call).filter((call) => homeOf(call).bound);
  const canaries = (scope: Scope, counts: readonly number[]) =>
    counts.map((count) => make(`canary/${count} numbers`, scope, (on) => canary(on, count)));
  return [
    ...canaries("quick", [1, 3, 4, 5, 1021, 65537]),
    ...canaries("full", [2, 7, 63, 64, 65, 4095, 1048577]),
    make("memory/given out again", "quick", reuse),
    ...asked.flatMap(({ call, c }) => casesOf(call, c)),
    make("programs/in turn", "quick", (on) => alternating(on, rounding)),
    ...questionsOf("C0", device),
  ];
}
