/** The kernel table: it is complete, threads change no bit, bounds hold what they should and refuse what they should not. */

import { afterAll, describe, expect, it } from "vitest";
import { WRONG } from "../conformance/case.js";
import { opCases } from "../conformance/levels/kernels.js";
import { expectedOf, runCall } from "../conformance/ops.js";
import { evaluate } from "../conformance/reference.js";
import { measure } from "../conformance/score.js";
import { ops } from "../gpu/graph/ops.js";
import { builds } from "../sdk/device/builds.js";
import { wasmDevices } from "./devices.js";

const cases = opCases();
const quick = cases.filter((c) => c.scope === "quick");

describe("the case table", () => {
  it("has thousands of cases, hundreds at scope quick, each under a name of its own", () => {
    expect(new Set(cases.map((c) => c.id)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThan(3000);
    expect(quick.length).toBeGreaterThan(290);
  });

  it("has every op, and every op at least twice where kernels compile slowly", () => {
    for (const op of Object.keys(ops)) {
      expect(cases.filter((c) => c.soft && c.call.op === op).length, op).toBeGreaterThan(1);
    }
  });
});

const sameBits = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe.each(Object.keys(builds))("threads of WASM %s", (build) => {
  const [one, ...more] = Object.entries(wasmDevices).flatMap(([name, make]) => (name.includes(build) ? [make()] : []));
  afterAll(() => {
    for (const device of [one, ...more]) device.destroy();
  });

  it.each(quick)("change no bit of $id", async ({ call, inputs }) => {
    const given = inputs();
    const alone = await runCall(one, call, given);
    for (const device of more) expect(sameBits(await runCall(device, call, given), alone)).toBe(true);
    if (call.op !== "maskedMse") return;
    // losses are summed in f64, so that they are off by one rounding alone
    const { output } = expectedOf(one, call, given);
    for (const [i, v] of output.entries()) {
      expect(Math.abs(alone[i] - v)).toBeLessThanOrEqual(2 ** -24 * Math.abs(v) * (1 + 1e-6));
    }
  });
});

describe("the bounds", () => {
  const device = wasmDevices["wasm simd, 1 thread"]();
  afterAll(() => device.destroy());

  it("are met by the float64 result rounded to f32, with half to spare", () => {
    for (const { id, call, inputs } of quick) {
      const { output, bound } = expectedOf(device, call, inputs());
      expect(measure(Float32Array.from(output), output, bound).use, id).toBeLessThanOrEqual(0.5);
    }
  });

  const linear = cases.find((c) => c.id.startsWith("C2/linear/[31,1537]"))!;
  const { output, bound } = expectedOf(device, linear.call, linear.inputs());

  it("are broken by a kernel that drops the last term of a sum", () => {
    const [x, w, b] = linear.inputs().map((input) => Float64Array.from(input));
    const K = linear.call.inputs[0].shape[1];
    const short = evaluate(linear.call, [x.map((v, i) => (i % K === K - 1 ? 0 : v)), w, b]);
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
