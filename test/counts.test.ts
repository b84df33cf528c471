/** What tells about speed on a GPU without one: how many kernels a model runs, and what they move. */

import { expect, it } from "vitest";
import { callOf } from "../conformance/calls.js";
import type { AttrsOf, Shape } from "../gpu/graph/op.js";
import type { Matmul } from "../gpu/ops/home.js";
import type { OpName, Ops } from "../gpu/ops/index.js";
import { direct, tiled } from "../gpu/ops/linear.js";
import { matmulWith } from "../gpu/ops/linear_subgroup_matrix.js";
import { callsOf, countCalls } from "../scripts/bench/contenders/counts.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { emulated } from "./emulated-matrices.js";
import { describeOn } from "./needs.js";

const base = "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k";

it("ViT-B/16 takes at most 90 dispatches, whatever the batch", () => {
  expect(callsOf(base, 1).length).toBeLessThanOrEqual(90);
  expect(callsOf(base, 8).length).toBe(callsOf(base, 1).length);
});

describeOn("Dawn", "kernels", () => {
  async function device(): Promise<GPUDevice> {
    const adapter = (await (await nodePlatform.gpu()).requestAdapter()) as GPUAdapter;
    return adapter.requestDevice({ requiredFeatures: ["subgroups"] });
  }

  const all = ["unfold", "linear", "tokens", "layerNorm", "attention", "linear residual", "linear gelu"];
  const checked: readonly (readonly [Matmul, string[]])[] = [
    [tiled, all],
    [direct, all],
    [matmulWith({ M: 8, N: 8, K: 8 }, 4), all.filter((name) => name.startsWith("linear"))],
  ];
  for (const [matmul, names] of checked) {
    it(`move little more than their tiles must, ${matmul.name}`, async () => {
      const calls = callsOf("maskfeat_vit-tiny-p16", 1).filter(({ op }) => names.includes(op));
      const counts = await countCalls(await device(), calls, matmul, emulated);
      expect(new Set(counts.map(({ op }) => op))).toEqual(new Set(names));
      for (const { op, shapes, bytes, leastBytes, lanes } of counts) {
        expect(bytes / leastBytes, `${op} ${shapes}`).toBeLessThanOrEqual(1.2);
        expect(bytes / leastBytes, `${op} ${shapes}`).toBeGreaterThanOrEqual(0.999);
        expect(lanes, `${op} ${shapes}`).toBeGreaterThan(0.4);
      }
    });
  }

  it("are counted to the byte", async () => {
    const count = async <K extends OpName>(op: K, shapes: readonly Shape[], attrs: AttrsOf<Ops[K]>) =>
      (await countCalls(await device(), [callOf(op, shapes, attrs)], tiled))[0];
    // 100 sums of two numbers, in two workgroups of 64
    const sum = { workgroups: 2, invocations: 128, lanes: 100 / 128, bytes: 4 * 300, leastBytes: 4 * 300 };
    expect(await count("add", [[100], [100]], {})).toMatchObject(sum);
    // every row: itself, weight, bias and what is made of it
    expect(await count("layerNorm", [[3, 5], [5], [5]], { eps: 1e-6 })).toMatchObject({
      workgroups: 3,
      lanes: 5 / 64,
      bytes: 4 * 3 * 4 * 5,
    });
  });
});
