/**
 * Half precision on an adapter with `shader-f16`, which the software adapter of the dev dependencies lacks: skipped there. `npm run f16`
 * requires it: on a machine with such a GPU, or with Mesa's llvmpipe from version 25 on (`VK_ICD_FILENAMES` names its lvp_icd.json).
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boundUse, errorBound } from "../conformance/bounds.js";
import { evaluate } from "../conformance/reference.js";
import { ops } from "../gpu/graph/ops.js";
import { openWebGpu, type WebGpuDevice } from "../gpu/webgpu.js";
import { f16ToF32, f32ToF16, getModel, tensor } from "../sdk/node.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { opCases, uniform } from "./ops.cases.js";
import { runCase } from "./ops.run.js";
import { tiny } from "./tiny.js";

const isRequired = process.env.MASKFEAT_F16 === "required";
const adapter = await nodePlatform.gpu().then(
  (gpu) => gpu.requestAdapter(),
  () => null,
);
const hasF16 = adapter?.features.has("shader-f16") === true;

it.skipIf(!hasF16 && !isRequired)("an adapter with shader-f16 is here", () => {
  expect(hasF16).toBe(true);
});

/** Numbers beyond this become infinite as f16. */
const LARGEST = 65504;
const fits = (x: ArrayLike<number>) => Array.prototype.every.call(x, (v) => Math.abs(v) <= LARGEST);
const half = (x: Float32Array) => f16ToF32(f32ToF16(x));

/** Cases whose inputs and result f16 can hold, the inputs rounded to it. */
const halfCases = (hasF16 ? opCases.filter((c) => c.quick) : []).flatMap((c) => {
  if (!c.inputs.every(fits)) return [];
  const inputs = c.inputs.map((x) => Float64Array.from(half(x)));
  const expected = evaluate(c.call, inputs);
  return fits(expected) ? [{ name: c.name, c, inputs, expected }] : [];
});

/** Of storing a number as f16: relative for normal numbers, absolute below them. */
const ROUNDING = { relative: 2 ** -11, absolute: 2 ** -25 };

describe.runIf(hasF16)("kernels that store f16", () => {
  let device: WebGpuDevice;
  beforeAll(async () => {
    device = await openWebGpu(adapter as GPUAdapter, { halves: { to: f32ToF16, from: f16ToF32 } });
  });
  afterAll(() => device.destroy());

  it.each(halfCases)("$name", async ({ c, inputs, expected }) => {
    const bound = errorBound(c.call, inputs, expected).map((e, i) => {
      return e + ROUNDING.relative * (Math.abs(expected[i]) + e) + ROUNDING.absolute;
    });
    expect(boundUse(await runCase(device, c), expected, bound)).toBeLessThanOrEqual(1);
  });

  it("are all tried", () => {
    expect(new Set(halfCases.map(({ c }) => c.call.op))).toEqual(new Set(Object.keys(ops)));
  });
});

describe.runIf(hasF16)("a model that stores f16", () => {
  it("says so, passes its self-test, takes half the memory, and gives the features", { timeout: 900_000 }, async () => {
    const draw = uniform(1);
    const images = tensor(
      new Float32Array(2 * 3 * 56 * 56).map(() => 2 * draw()),
      [2, 3, 56, 56],
    );
    const options = { weights: "procedural", device: "webgpu" } as const;
    using narrow = await getModel(tiny, { ...options, dtype: "f16" });
    using wide = await getModel(tiny, options);
    expect(narrow.device).toMatchObject({ variant: "f16", reason: "asked for", selfTest: { passed: true } });
    expect(narrow.memory().used).toBe(wide.memory().used / 2);
    const [[a], [b]] = [await narrow.extractFeat(images), await wide.extractFeat(images)];
    const norm = (x: Float32Array) => Math.hypot(...x);
    // 20 tensors are stored one after the other, each rounded by at most 2^-11
    expect(norm(a.data.map((v, i) => v - b.data[i])) / norm(b.data)).toBeLessThan(20 * ROUNDING.relative);
    const { loss } = await narrow.forward(images, { mode: "loss", mask: { seed: 0 } });
    const { loss: same } = await wide.forward(images, { mode: "loss", mask: { seed: 0 } });
    expect(Math.abs(loss - same) / same).toBeLessThan(20 * ROUNDING.relative);
  });
});
