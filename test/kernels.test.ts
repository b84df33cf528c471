/** The kernel table: it is complete, every build is within its bounds, threads change no bit, and bounds refuse what they should. */

import { afterAll, describe, expect, it } from "vitest";
import { WRONG } from "../conformance/case.js";
import { opCases } from "../conformance/levels/kernels.js";
import { expectedOf, runCall } from "../conformance/ops.js";
import { evaluate } from "../conformance/reference.js";
import { measure } from "../conformance/score.js";
import { ops } from "../gpu/graph/ops.js";
import { builds } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { wasmBuilds } from "./devices.js";

const cases = opCases();
const quick = cases.filter((c) => c.scope === "quick");

describe("the case table", () => {
  it("names every case differently", () => {
    expect(new Set(cases.map((c) => c.id)).size).toBe(cases.length);
  });

  it("has every op at scope quick, and at least twice where kernels compile slowly", () => {
    expect(new Set(quick.map((c) => c.call.op))).toEqual(new Set(Object.keys(ops)));
    const soft = (op: string) => cases.filter((c) => c.soft && c.call.op === op).length;
    expect(Object.keys(ops).filter((op) => soft(op) < 2)).toEqual([]);
  });
});

const sameBits = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe("kernels of WASM", () => {
  const devices = wasmBuilds.map((build) => [1, 2, 3].map((threads) => new WasmDevice(nodePlatform, threads, build)));
  afterAll(() => {
    for (const device of devices.flat()) device.destroy();
  });

  // one test a case, because the result in float64, which all builds are held against, takes longer than the kernels
  it.each(quick)("$id: every build is within the bound, and threads change no bit", async ({ call, inputs }) => {
    const given = inputs();
    const { output, bound } = expectedOf(devices[0][0], call, given);
    // the bound leaves half of itself to a device that rounds once
    expect(measure(Float32Array.from(output), output, bound).use).toBeLessThanOrEqual(0.5);
    for (const [i, [one, ...more]] of devices.entries()) {
      const { name } = wasmBuilds[i];
      const alone = await runCall(one, call, given);
      expect(measure(alone, output, bound).use, name).toBeLessThanOrEqual(1);
      for (const device of more) expect(sameBits(await runCall(device, call, given), alone), name).toBe(true);
      if (call.op !== "maskedMse") continue;
      // losses are summed in f64, so that they are off by one rounding alone
      for (const [j, v] of output.entries()) {
        expect(Math.abs(alone[j] - v), name).toBeLessThanOrEqual(2 ** -24 * Math.abs(v) * (1 + 1e-6));
      }
    }
  });
});

describe("the bounds", () => {
  const device = new WasmDevice(nodePlatform, 1, builds.simd);
  afterAll(() => device.destroy());

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
