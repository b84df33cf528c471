/** Every kernel of every device of this process against float64, within its derived bound; threads change no bit. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boundUse } from "../conformance/bounds.js";
import { evaluate } from "../conformance/reference.js";
import { ops } from "../gpu/graph/ops.js";
import type { WebGpuDevice } from "../gpu/webgpu.js";
import { dawn, hasWebGpu, wasmDevices } from "./devices.js";
import { type OpCase, opCases } from "./ops.cases.js";
import { expectedOf, isForGpu, useOf } from "./ops.expected.js";
import { runCase } from "./ops.run.js";

const gpuCases = opCases.filter(isForGpu);

describe("the case table", () => {
  it("has every op, and every op at least twice where kernels compile slowly", () => {
    const names = Object.keys(ops);
    expect(new Set(opCases.map((c) => c.call.op))).toEqual(new Set(names));
    for (const op of names) expect(opCases.filter((c) => c.quick && c.call.op === op).length, op).toBeGreaterThan(1);
  });
});

const sameBits = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
const alone = new Map<string, Float32Array>();

/** WASM sums losses in f64, so that they are off by one rounding alone. */
function expectRoundedOnce(c: OpCase, actual: Float32Array): void {
  for (const [i, v] of expectedOf(c).output.entries()) {
    expect(Math.abs(actual[i] - v)).toBeLessThanOrEqual(2 ** -24 * Math.abs(v) * (1 + 1e-6));
  }
}

describe.each(Object.entries(wasmDevices))("%s", (_, make) => {
  const device = make();
  afterAll(() => device.destroy());

  it.each(opCases)("$name", async (c) => {
    const actual = await runCase(device, c);
    expect(useOf(c, actual)).toBeLessThanOrEqual(1);
    if (c.call.op === "maskedMse") expectRoundedOnce(c, actual);
    const first = alone.get(c.name);
    if (first) expect(sameBits(actual, first)).toBe(true);
    else alone.set(c.name, actual);
  });
});

describe.runIf(hasWebGpu)("webgpu, Dawn", () => {
  let device: WebGpuDevice;
  beforeAll(async () => {
    device = await dawn();
  });
  afterAll(() => device.destroy());

  it.each(gpuCases)("$name", async (c) => {
    const actual = await runCase(device, c);
    expect(useOf(c, actual)).toBeLessThanOrEqual(1);
    // the same bits again: no race decides the order of a sum
    expect(sameBits(await runCase(device, c), actual)).toBe(true);
  });

  it(`leaves ${opCases.length - gpuCases.length} of ${opCases.length} cases to npm run kernels`, () => {
    expect(device.pipelineCount).toBeGreaterThan(20);
    if (gpuCases.length < opCases.length) expect(device.pipelineCount).toBeLessThanOrEqual(60);
    expect(device.memory().used).toBe(0);
  });
});

describe("the bound", () => {
  const linear = opCases.find((c) => c.name.startsWith("linear [31,1537]"))!;
  const { output, bound } = expectedOf(linear);

  it("is met by the float64 result rounded to f32", () => {
    expect(boundUse(Float32Array.from(output), output, bound)).toBeLessThan(0.5);
  });

  it("is broken by a kernel that drops the last term of a sum", () => {
    const [x, w, b] = linear.inputs.map((input) => Float64Array.from(input));
    const K = linear.call.inputs[0].shape[1];
    const short = evaluate(linear.call, [x.map((v, i) => (i % K === K - 1 ? 0 : v)), w, b]);
    expect(boundUse(short, output, bound)).toBeGreaterThan(10);
  });

  it.each([
    ["NaN", Number.NaN, Number.POSITIVE_INFINITY],
    ["zeros", 0, 10],
  ])("is broken by %s", (_, value, least) => {
    const wrong = output.map(() => value);
    expect(boundUse(wrong, output, bound)).toBeGreaterThanOrEqual(least);
  });
});
