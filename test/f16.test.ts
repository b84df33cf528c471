/**
 * Half precision on an adapter with `shader-f16`, which the software adapter of the dev dependencies lacks: skipped there. `npm run f16`
 * requires it: on a machine with such a GPU, or with Mesa's llvmpipe from version 25 on (`VK_ICD_FILENAMES` names its lvp_icd.json), which
 * from version 26 on has matrices of subgroups, too.
 */

import { expect, it } from "vitest";
import { conformance } from "../conformance/node.js";
import { uniform } from "../conformance/ops/define.js";
import { ops } from "../gpu/graph/op.js";
import { lackingFor } from "../gpu/subgroups.js";
import { getModel, tensor } from "../sdk/entries/node.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { host } from "./conformance.host.js";
import { describeOn } from "./needs.js";
import { tiny } from "./tiny.js";

/** Why subgroups multiply no matrices of f16 here, if they do not. */
async function noMatrices(): Promise<string | undefined> {
  const gpu = await nodePlatform.gpu(true).catch(() => undefined);
  const adapter = await gpu?.requestAdapter();
  if (!adapter) return "Dawn finds no adapter";
  const lacking = lackingFor("subgroup-matrix", adapter.features, adapter.info, "f16");
  return lacking && `the adapter lacks ${lacking}`;
}

const whyNoMatrices = await noMatrices();

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
    const options = { device: "webgpu", dtype: "f16", matmul: "subgroup-matrix" } as const;

    it("stay within the same bounds", { timeout: 900_000 }, async () => {
      const report = await conformance(host, { scope: "quick", ...options });
      expect(report.device.variant).toBe("subgroup-matrix f16");
      expect(report.failed).toEqual([]);
      expect(report.cases.filter(({ id }) => id.startsWith("C2/linear")).length).toBeGreaterThan(10);
    });
  },
  whyNoMatrices,
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
