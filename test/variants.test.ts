/** The types of weights of the WASM kernels, in every build: each within its bounds, each as asked for. test/kernels.test.ts has f32. */

import { afterAll, describe, expect, it } from "vitest";
import { callOf, measureCall } from "../conformance/calls.js";
import { opCases } from "../conformance/levels/kernels.js";
import { uniform } from "../conformance/ops/define.js";
import type { WeightType } from "../gpu/device.js";
import { builds } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { getModel, MaskFeatError, type ModelOptions } from "../sdk/entries/node.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { nodeTurbo } from "../sdk/platform/node-turbo.js";
import { wasmBuilds } from "./devices.js";

const products = opCases().filter((c) => c.scope === "quick" && c.call.op === "linear");
const variants = wasmBuilds.flatMap((build) =>
  (["f32", "f16", "int8"] as const).map((weights) => ({ build, weights })),
);

describe.each(variants)("WASM $build.name, weights $weights", ({ build, weights }) => {
  const device = new WasmDevice(nodePlatform, 1, build, weights);
  afterAll(() => device.destroy());

  if (weights !== "f32") {
    it.each(products)("$id", async ({ call, inputs }) => {
      const { use, reason } = await measureCall(device, call, inputs(device));
      expect(use, reason).toBeLessThanOrEqual(1);
    });
  }

  it.each([
    [5, 7],
    [40, 36],
    [270, 1030],
  ])("a weight [%i,%i] comes back as it is stored", async (n, k) => {
    const [, weight] = callOf("linear", [[1, k], [n, k], [n]], {}).inputs;
    const draw = uniform(n);
    // multiples of 1/128 with the largest in every row: no type of weights rounds them
    const given = new Float32Array(n * k).map((_, i) => (i % k === 0 ? 127 : Math.round(127 * draw()) + 0) / 128);
    const buffer = await device.param(weight, given);
    // vitest takes seconds to compare long arrays
    const stored = await device.read(buffer, n * k);
    expect(Buffer.compare(Buffer.from(stored.buffer), Buffer.from(given.buffer))).toBe(0);
    device.release(buffer);
  });
});

it("8-bit weights are the nearest multiples of a 127th of the largest in their row", async () => {
  const [n, k] = [9, 35];
  const device = new WasmDevice(nodePlatform, 1, builds.simd, "int8");
  const [, weight] = callOf("linear", [[1, k], [n, k], [n]], {}).inputs;
  const draw = uniform(3);
  const given = new Float32Array(n * k).map(() => draw());
  const stored = await device.read(await device.param(weight, given), n * k);
  device.destroy();
  for (let r = 0; r < n; r++) {
    const row = given.subarray(r * k, (r + 1) * k);
    const step = Math.fround(row.reduce((top, v) => Math.max(top, Math.abs(v)), 0) / 127);
    for (const [i, v] of row.entries()) expect(stored[r * k + i]).toBeCloseTo(Math.round(v / step) * step, 6);
  }
});

const tiny = { kind: "pretrain", imageSize: 32, embedDims: 96, numLayers: 2, numHeads: 4 } as const;
const image = { data: new Float32Array(3 * 32 * 32).map((_, i) => Math.sin(i)), shape: [1, 3, 32, 32] };

async function features(options: ModelOptions) {
  using model = await getModel(tiny, { weights: "procedural", device: "wasm", threads: 1, ...options });
  const [{ data }] = await model.extractFeat(image, { outType: "avg_featmap" });
  return { data, device: model.device, used: model.memory().used };
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe("a model", () => {
  it.each<[WeightType, number, number]>([
    ["f16", 0.6, 1 - 1e-6],
    ["int8", 0.35, 0.999],
  ])("with weights in %s takes less memory and gives nearly the same", async (dtype, memory, alike) => {
    const [wide, narrow] = [await features({}), await features({ dtype })];
    expect(narrow.device.variant).toBe(`${wide.device.variant} ${dtype}`);
    expect(narrow.device.selfTest).toMatchObject({ passed: true });
    expect(narrow.used).toBeLessThan(memory * wide.used);
    expect(cosine(narrow.data, wide.data)).toBeGreaterThan(alike);
    expect(narrow.data).not.toEqual(wide.data);
  });

  if (nodeTurbo.lacking) {
    it("is refused turbo, which this machine lacks", async () => {
      await expect(features({ turbo: true })).rejects.toMatchObject({ code: "DEVICE_ABSENT" });
    });
  } else {
    it("runs on turbo", async () => {
      const [plain, turbo] = [await features({}), await features({ turbo: true })];
      expect(turbo.device).toMatchObject({ variant: "turbo", selfTest: { passed: true } });
      expect(cosine(plain.data, turbo.data)).toBeGreaterThan(1 - 1e-6);
    });
  }

  it.each<[ModelOptions]>([[{ device: "webgpu", dtype: "int8" }], [{ device: "webgpu", turbo: true }]])(
    "takes no %j",
    async (options) => {
      const failed = features(options);
      await expect(failed).rejects.toBeInstanceOf(MaskFeatError);
      await expect(failed).rejects.toMatchObject({ code: "OPT_VALUE" });
    },
  );
});
