/** The kernel table: it is complete, every build is within its bounds, threads change no bit, and bounds refuse what they should. */

import { afterAll, describe, expect, it } from "vitest";
import { expectedOf, runCall } from "../conformance/calls.js";
import { WRONG } from "../conformance/case.js";
import { opCases } from "../conformance/levels/kernels.js";
import { evaluate, ops } from "../conformance/reference.js";
import { measure } from "../conformance/score.js";
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

  it.each(ops)("has %s, at least twice where kernels compile slowly, and for the benchmark", (op, home) => {
    expect(cases.filter((c) => c.soft && c.call.op === op).length).toBeGreaterThan(1);
    expect(home.cases.some((c) => c.bench)).toBe(true);
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

describe("kernels of WASM", () => {
  const devices = wasmBuilds.map((build) => [1, 2, 3].map((threads) => new WasmDevice(nodePlatform, threads, build)));
  afterAll(() => {
    for (const device of devices.flat()) device.destroy();
  });

  // one test a case, because the result in float64, which all builds are held against, takes longer than the kernels
  it.each(quick)("$id: every build is within the bound, and threads change no bit", async ({ call, inputs }) => {
    const given = inputs();
    const { outputs, bounds } = expectedOf(devices[0][0], call, given);
    // the bound leaves half of itself to a device that rounds once
    for (const [i, y] of outputs.entries()) {
      expect(measure(Float32Array.from(y), y, bounds[i]).use).toBeLessThanOrEqual(0.5);
    }
    for (const [i, [one, ...more]] of devices.entries()) {
      const { name } = wasmBuilds[i];
      const alone = await runCall(one, call, given);
      for (const [k, y] of outputs.entries()) expect(measure(alone[k], y, bounds[k]).use, name).toBeLessThanOrEqual(1);
      for (const device of more) {
        const together = await runCall(device, call, given);
        for (const [k, y] of alone.entries()) expect(sameBits(together[k], y), name).toBe(true);
      }
      if (call.op !== "maskedMse") continue;
      // losses are summed in f64, so that they are off by one rounding alone
      for (const [j, v] of outputs[0].entries()) {
        expect(Math.abs(alone[0][j] - v), name).toBeLessThanOrEqual(2 ** -24 * Math.abs(v) * (1 + 1e-6));
      }
    }
  });
});

describe("the bounds", () => {
  const device = new WasmDevice(nodePlatform, 1, builds.simd);
  afterAll(() => device.destroy());

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
