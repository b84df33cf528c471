/** Every kernel of every device against float64, within its derived bound; threads change no bit. */

import { afterAll, describe, expect, it } from "vitest";
import { boundUse, errorBound } from "../conformance/bounds.js";
import { evaluate } from "../conformance/reference.js";
import type { Device } from "../gpu/device.js";
import { ops, size } from "../gpu/graph/ops.js";
import { plan } from "../gpu/graph/plan.js";
import type { Value } from "../gpu/graph/tape.js";
import { devices } from "./devices.js";
import { type OpCase, opCases } from "./ops.cases.js";

/** Runs one call on a device; every number of the device's memory that is not an input starts as NaN. */
async function run(device: Device, { call, inputs }: OpCase): Promise<Float32Array> {
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

describe("the case table", () => {
  it("has every op", () => {
    expect(new Set(opCases.map((c) => c.call.op))).toEqual(new Set(Object.keys(ops)));
  });
});

const exactInputs = (c: OpCase) => c.inputs.map((x) => Float64Array.from(x));
const expected = new Map(
  opCases.map((c) => {
    const output = evaluate(c.call, exactInputs(c));
    return [c.name, { output, bound: errorBound(c.call, exactInputs(c), output) }];
  }),
);

const bits = (x: Float32Array) => new Uint32Array(x.buffer);
const alone = new Map<string, Float32Array>();

describe.each(Object.entries(devices))("%s", (_, make) => {
  const device = make();
  afterAll(() => device.destroy());

  it.each(opCases)("$name", async (c) => {
    const actual = await run(device, c);
    const { output, bound } = expected.get(c.name)!;
    expect(boundUse(actual, output, bound)).toBeLessThanOrEqual(1);
    const first = alone.get(c.name);
    if (first) expect(bits(actual)).toEqual(bits(first));
    else alone.set(c.name, actual);
  });
});

describe("the bound", () => {
  const linear = opCases.find((c) => c.name.startsWith("linear [31,769]"))!;
  const { output, bound } = expected.get(linear.name)!;

  it("is met by the float64 result rounded to f32", () => {
    expect(boundUse(Float32Array.from(output), output, bound)).toBeLessThan(0.5);
  });

  it("is broken by a kernel that drops the last term of a sum", () => {
    const [x, w, b] = exactInputs(linear);
    const K = linear.call.inputs[0].shape[1];
    const short = evaluate(linear.call, [x.map((v, i) => (i % K === K - 1 ? 0 : v)), w, b]);
    expect(boundUse(short, output, bound)).toBeGreaterThan(10);
  });

  it("is broken by NaN and by zeros", () => {
    expect(
      boundUse(
        output.map(() => Number.NaN),
        output,
        bound,
      ),
    ).toBe(Number.POSITIVE_INFINITY);
    expect(
      boundUse(
        output.map(() => 0),
        output,
        bound,
      ),
    ).toBeGreaterThan(10);
  });
});
