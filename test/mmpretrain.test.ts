/** The tiny models against mmpretrain's own, in float64 (scripts/golden/model.py): an oracle that knows nothing of our graph. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { getModel, type ModelOptions, type Tensor, tensor } from "../sdk/node.js";
import { fnv1a32, u32 } from "../sdk/weights.js";
import { tiny } from "./tiny.js";

interface Sketch {
  readonly shape: number[];
  readonly indices: number[];
  readonly values: number[];
  readonly sum: number;
  readonly norm: number;
}

const golden: { loss: number; outputs: Record<string, Sketch> } = JSON.parse(
  readFileSync("test/fixtures/mmpretrain.json", "utf8"),
);

const load = (options: ModelOptions = {}) => getModel(tiny, { weights: "procedural", threads: 2, ...options });

/** The fill's numbers in [-2, 2). */
function images(name: string, B: number, H: number, W: number): Tensor {
  const key = fnv1a32(name);
  const data = new Float32Array(B * 3 * H * W).map((_, i) => ((u32(key, i) >>> 8) - 2 ** 23) / 2 ** 22);
  return tensor(data, [B, 3, H, W]);
}

const x = images("golden/x", 2, 56, 56);
const mask = tensor(
  new Float32Array(2 * 196).map((_, i) => u32(fnv1a32("golden/mask"), i) & 1),
  [2, 196],
);

/** Largest error of a number, as torch's own f32 has it several times over: the features are of size 1 to 6. */
const TOLERANCE = 1e-5;

function check(actual: Tensor, { shape, indices, values, sum, norm }: Sketch): void {
  expect(actual.shape).toEqual(shape);
  const differences = indices.map((at, i) => Math.abs(actual.data[at] - values[i]));
  expect(Math.max(...differences)).toBeLessThan(TOLERANCE);
  const total = actual.data.reduce((a, b) => a + b, 0);
  const squares = actual.data.reduce((a, b) => a + b * b, 0);
  expect(Math.abs(total - sum)).toBeLessThan(TOLERANCE * Math.sqrt(actual.data.length));
  expect(Math.abs(Math.sqrt(squares) - norm)).toBeLessThan(TOLERANCE * norm);
}

describe("mmpretrain", () => {
  it("extracts the same features, at its own size and at another", async () => {
    using model = await load();
    check((await model.extractFeat(x))[0], golden.outputs.raw);
    check((await model.extractFeat(images("golden/odd", 1, 61, 90)))[0], golden.outputs.odd);
  });

  it.each([
    ["raw", true],
    ["cls_token", true],
    ["featmap", false],
    ["avg_featmap", false],
  ] as const)("gives the same %s after every block, final norm %s", async (outType, finalNorm) => {
    using model = await load({ outType, finalNorm, outIndices: [0, 1] });
    const stages = await model.extractFeat(x);
    expect(stages.length).toBe(2);
    for (const [i, stage] of stages.entries()) check(stage, golden.outputs[`${outType}/${i}`]);
  });

  it("predicts the same HOG behind a mask, aims at the same target and finds the same loss", async () => {
    using model = await load();
    const { pred, target, loss } = await model.forward(x, { mode: "loss", mask });
    check(pred, golden.outputs.pred);
    check(target, golden.outputs.target);
    expect(Math.abs(loss - golden.loss)).toBeLessThan(TOLERANCE);
  });
});
