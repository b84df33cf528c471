/** The kernel table: it is complete; WASM is within its bounds on every build, whatever its threads; bounds refuse what they should. */

import { afterAll, describe, expect, it } from "vitest";
import { expectedOf, runCall } from "../conformance/calls.js";
import { WRONG } from "../conformance/case.js";
import { opCases } from "../conformance/levels/kernels.js";
import { evaluate, ops } from "../conformance/reference.js";
import { measure } from "../conformance/score.js";
import { builds } from "../sdk/device/builds.js";
import { wasmDevices } from "./devices.js";

const cases = opCases();
const quick = cases.filter((c) => c.scope === "quick");

describe("the case table", () => {
  it("has thousands of cases, hundreds at scope quick, each under a name of its own", () => {
    expect(new Set(cases.map((c) => c.id)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThan(3000);
    expect(quick.length).toBeGreaterThan(390);
  });

  it.each(ops)("has %s, at least twice where kernels compile slowly, once for the benchmark", (op, home) => {
    expect(cases.filter((c) => c.soft && c.call.op === op).length).toBeGreaterThan(1);
    expect(home.cases.filter((c) => c.bench).length).toBe(1);
  });

  it.each(ops)("has data for %s that f16 holds, and answers that it holds", (op, { isWide }) => {
    for (const { id, call, inputs } of quick.filter((c) => c.call.op === op)) {
      const given = inputs({ numberBytes: 2, weights: "f16" });
      const answers = evaluate(
        call,
        given.map((x) => new Float64Array(x)),
      );
      for (const x of isWide ? given : [...given, ...answers])
        expect(
          x.every((v) => Math.abs(v) <= 65504),
          id,
        ).toBe(true);
    }
  });
});

const sameBits = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

/** Of each build one thread, then more. */
const devices = Object.keys(builds).map((build) =>
  Object.entries(wasmDevices).flatMap(([name, make]) => (name.includes(build) ? [make()] : [])),
);
afterAll(() => {
  for (const device of devices.flat()) device.destroy();
});

describe("level quick on every build of WASM", () => {
  it.each(quick)("is within its bounds, and threads change no bit: $id", async ({ call, inputs }) => {
    const given = inputs();
    const [[first]] = devices;
    const { outputs, bounds } = expectedOf(first, call, given);
    for (const [i, y] of outputs.entries()) {
      // the float64 result rounded to f32 has half to spare
      expect(measure(Float32Array.from(y), y, bounds[i]).use).toBeLessThanOrEqual(0.5);
    }
    for (const [one, ...more] of devices) {
      const alone = await runCall(one, call, given);
      for (const [i, y] of outputs.entries()) expect(measure(alone[i], y, bounds[i]).use).toBeLessThanOrEqual(1);
      for (const device of more) {
        const together = await runCall(device, call, given);
        for (const [i, y] of alone.entries()) expect(sameBits(together[i], y)).toBe(true);
      }
      if (call.op !== "maskedMse") continue;
      // losses are summed in f64, so that they are off by one rounding alone
      for (const [i, v] of outputs[0].entries()) {
        expect(Math.abs(alone[0][i] - v)).toBeLessThanOrEqual(2 ** -24 * Math.abs(v) * (1 + 1e-6));
      }
    }
  });
});

describe("the bounds", () => {
  const [[device]] = devices;
  const linear = cases.find((c) => c.id.startsWith("C2/linear/[31,1537]"))!;
  const { outputs, bounds } = expectedOf(device, linear.call, linear.inputs());
  const [[output], [bound]] = [outputs, bounds];

  it("are broken by a kernel that drops the last term of a sum", () => {
    const [x, w, b] = linear.inputs().map((input) => Float64Array.from(input));
    const K = linear.call.inputs[0].shape[1];
    const [short] = evaluate(linear.call, [x.map((v, i) => (i % K === K - 1 ? 0 : v)), w, b]);
    expect(measure(short, output, bound).use).toBeGreaterThan(10);
  });

  it.each([
    ["NaN", Number.NaN, WRONG],
    ["infinity", Number.POSITIVE_INFINITY, WRONG],
    ["zeros", 0, 10],
  ])("are broken by %s", (_, value, least) => {
    expect(
      measure(
        output.map(() => value),
        output,
        bound,
      ).use,
    ).toBeGreaterThanOrEqual(least);
  });

  it("allow nothing where they are 0, and tell what they saw", () => {
    expect(measure([1, 2], [1, 2], 0)).toMatchObject({ n: 2, use: 0, maxAbs: 0, cos: 1 });
    expect(measure([1, 2.5], [1, 2], 0)).toMatchObject({ use: WRONG, maxAbs: 0.5, maxRel: 0.25, bound: 0 });
    expect(measure([1, 2], [1, 2, 3], 1).use).toBe(WRONG);
    expect(measure([1.5], [1], 1)).toMatchObject({
      use: 0.5,
      maxUlp: 2 ** 22,
      histogram: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    });
  });
});
