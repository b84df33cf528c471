/** Every kernel of every device against float64, within its derived bound; threads change no bit. */

import { afterAll, describe, expect, it } from "vitest";
import { boundUse } from "../conformance/bounds.js";
import { evaluate } from "../conformance/reference.js";
import { ops } from "../gpu/graph/ops.js";
import { devices } from "./devices.js";
import { opCases } from "./ops.cases.js";
import { bitsOf, referenceOf, runCase, useOf } from "./run-case.js";

describe("the case table", () => {
  it("has every op", () => {
    expect(new Set(opCases.map((c) => c.call.op))).toEqual(new Set(Object.keys(ops)));
  });
});

const alone = new Map<string, Float32Array>();

describe.each(Object.entries(devices))("%s", (_, make) => {
  const device = make();
  afterAll(() => device.destroy());

  it.each(opCases)("$name", async (c) => {
    const actual = await runCase(device, c);
    expect(useOf(c, actual)).toBeLessThanOrEqual(1);
    const first = alone.get(c.name);
    if (first) expect(bitsOf(actual)).toEqual(bitsOf(first));
    else alone.set(c.name, actual);
  });
});

describe("the bound", () => {
  const linear = opCases.find((c) => c.name.startsWith("linear [31,769]"))!;
  const { output, bound } = referenceOf(linear);

  it("is met by the float64 result rounded to f32", () => {
    expect(boundUse(Float32Array.from(output), output, bound)).toBeLessThan(0.5);
  });

  it("is broken by a kernel that drops the last term of a sum", () => {
    const [x, w, b] = linear.inputs.map((input) => Float64Array.from(input));
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
