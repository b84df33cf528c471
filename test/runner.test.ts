/** Micro-batches: a call is split so that no value passes what the device takes, and the result keeps its bits. */

import { afterAll, describe, expect, it } from "vitest";
import { uniform } from "../conformance/ops/define.js";
import { OutOfMemoryError } from "../gpu/errors.js";
import { traceFeatures } from "../gpu/models/maskfeat.js";
import { bestBuild } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { proceduralFill } from "../sdk/model/fill.js";
import type { ParameterSource } from "../sdk/model/fit.js";
import { Parameters } from "../sdk/model/parameters.js";
import { Runner } from "../sdk/model/runner.js";
import { nodePlatform } from "../sdk/platform/node.js";

const config = {
  imageSize: 8,
  patchSize: 4,
  embedDims: 12,
  numLayers: 2,
  numHeads: 2,
  feedforwardChannels: 24,
  layerNormEps: 1e-6,
};
const source: ParameterSource = {
  label: "procedural",
  trained: false,
  get: async (name, shape) => proceduralFill(name, shape),
  warnings: [],
  close: async () => {},
};
const task = {
  key: "features",
  trace: (batch: number) =>
    traceFeatures(config, [batch, 3, 8, 8], { outType: "raw", outIndices: [1], finalNorm: true }),
};
const draw = uniform(5);
const images = new Float32Array(7 * 3 * 8 * 8).map(() => draw());

/** A device that takes no value beyond `maxValueBytes`. */
class Limited extends WasmDevice {
  override readonly maxValueBytes: number;
  constructor(maxValueBytes: number) {
    super(nodePlatform, 1, bestBuild());
    this.maxValueBytes = maxValueBytes;
  }
}

describe("Runner", () => {
  const devices: Limited[] = [];
  const runnerOf = (maxValueBytes: number) => {
    const device = new Limited(maxValueBytes);
    devices.push(device);
    return new Runner(device, new Parameters(device, source));
  };
  afterAll(() => {
    for (const device of devices) device.destroy();
  });

  it.each([
    [2 ** 30, [7]],
    // the largest value of an image: its patches, 4 x 48 numbers
    [3 * 4 * 48 * 4, [3, 3, 1]],
    [4 * 48 * 4, [1, 1, 1, 1, 1, 1, 1]],
  ])("below %i bytes runs batches of %j", async (limit, batches) => {
    const whole = await runnerOf(2 ** 30).run(task, 7, { images });
    const parts = await runnerOf(limit).run(task, 7, { images });
    expect(parts.map(([feat]) => feat.shape[0])).toEqual(batches);
    expect(parts.flatMap(([feat]) => [...feat.data])).toEqual([...whole[0][0].data]);
  });

  it("says what does not fit", async () => {
    const failed = runnerOf(4 * 48 * 4 - 4).run(task, 1, { images: images.subarray(0, 192) });
    await expect(failed).rejects.toBeInstanceOf(OutOfMemoryError);
    await expect(failed).rejects.toThrow(
      "needs a tensor of 768 bytes, and the device takes 764; use an image with at most 99 % of its pixels",
    );
  });
});
