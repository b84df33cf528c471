/**
 * Half precision on an adapter with `shader-f16`, which the software adapter of the dev dependencies lacks: skipped there. `npm run f16`
 * requires it: on a machine with such a GPU, or with Mesa's llvmpipe from version 25 on (`VK_ICD_FILENAMES` names its lvp_icd.json), which
 * from version 26 on has matrices of subgroups, too.
 */

import { expect, it } from "vitest";
import { conformance } from "../conformance/node.js";
import { uniform } from "../conformance/ops/define.js";
import type { Host } from "../conformance/suite.js";
import type { Matmul } from "../gpu/ops/home.js";
import { ops } from "../gpu/ops/index.js";
import { matrixFeatures, subgroupMatrix } from "../gpu/ops/linear_subgroup_matrix.js";
import { openWebGpu } from "../gpu/webgpu.js";
import { getModel, tensor } from "../sdk/entries/node.js";
import { f16ToF32, f32ToF16 } from "../sdk/wasm/half.js";
import { host } from "./conformance.host.js";
import { describeOn } from "./needs.js";
import { tiny } from "./tiny.js";

/** The adapter with Dawn's experimental features, and the matmul of its matrix units in f16; or why there is none. */
async function matrixUnits(): Promise<{ adapter: GPUAdapter; matmul: Matmul } | string> {
  const { create } = await import("webgpu");
  const adapter = await create(["enable-dawn-features=allow_unsafe_apis"]).requestAdapter();
  if (!adapter) return "Dawn finds no adapter";
  try {
    return { adapter, matmul: subgroupMatrix(adapter.features, adapter.info, "f16") };
  } catch (error) {
    return (error as Error).message;
  }
}

const units = await matrixUnits();

/** Of storing a number as f16, relative. */
const ROUNDING = 2 ** -11;

describeOn("shader-f16", "kernels that store f16", () => {
  it("stay within bounds that add the rounding of storing to each operand and result", {
    timeout: 900_000,
  }, async () => {
    const report = await conformance(host, { scope: "quick", device: "webgpu", dtype: "f16" });
    expect(report.failed).toEqual([]);
    const tried = report.cases.filter(({ n }) => n > 0).map(({ id }) => id.split("/")[1]);
    expect(Object.keys(ops).filter((op) => !tried.includes(op))).toEqual([]);
  });
});

describeOn(
  "subgroup matrices of f16",
  "products of f16 by matrices of subgroups",
  () => {
    it("stay within the same bounds", { timeout: 900_000 }, async () => {
      const { adapter, matmul } = units as Exclude<typeof units, string>;
      const open: Host["open"] = async () => {
        const halves = { to: f32ToF16, from: f16ToF32 };
        const device = await openWebGpu(adapter, { halves, matmul, features: matrixFeatures });
        const about = {
          kind: "webgpu",
          adapter: "matrix units",
          isFallback: false,
          threads: 1,
          selfTest: null,
        } as const;
        return { device, info: { ...about, reason: "asked for", variant: "subgroup-matrix f16" } };
      };
      const report = await conformance({ ...host, open }, { scope: "quick", dtype: "f16", cases: "C2/linear*" });
      expect(report.failed).toEqual([]);
      expect(report.cases.length).toBeGreaterThan(10);
    });
  },
  typeof units === "string" ? units : undefined,
);

describeOn("shader-f16", "a model that stores f16", () => {
  it("says so, passes its self-test, takes half the memory, and gives the features", { timeout: 900_000 }, async () => {
    const draw = uniform(1);
    const images = tensor(
      new Float32Array(2 * 3 * 56 * 56).map(() => 2 * draw()),
      [2, 3, 56, 56],
    );
    const options = { weights: "procedural", device: "webgpu" } as const;
    using narrow = await getModel(tiny, { ...options, dtype: "f16" });
    using wide = await getModel(tiny, options);
    expect(narrow.device).toMatchObject({ variant: "direct f16", reason: "asked for", selfTest: { passed: true } });
    expect(narrow.memory().used).toBe(wide.memory().used / 2);
    const [[a], [b]] = [await narrow.extractFeat(images), await wide.extractFeat(images)];
    const norm = (x: Float32Array) => Math.hypot(...x);
    // 20 tensors are stored one after the other, each rounded by at most 2^-11
    expect(norm(a.data.map((v, i) => v - b.data[i])) / norm(b.data)).toBeLessThan(20 * ROUNDING);
    const { loss } = await narrow.forward(images, { mode: "loss", mask: { seed: 0 } });
    const { loss: same } = await wide.forward(images, { mode: "loss", mask: { seed: 0 } });
    expect(Math.abs(loss - same) / same).toBeLessThan(20 * ROUNDING);
  });
});
