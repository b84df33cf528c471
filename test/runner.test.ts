/** Micro-batches: a call is split so that no value passes what the device takes, and the result keeps its bits. */

import { afterAll, describe, expect, it } from "vitest";
import { uniform } from "../conformance/ops/define.js";
import { OutOfMemoryError } from "../gpu/errors.js";
import type { Value } from "../gpu/graph/tape.js";
import { type Shapes, trace } from "../gpu/models/functions.js";
import { tensor } from "../sdk/base/tensor.js";
import { completeConfig } from "../sdk/config/config.js";
import { bestBuild } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { upload } from "../sdk/model/parameters.js";
import { Runner, type Work } from "../sdk/model/runner.js";
import { nodePlatform } from "../sdk/platform/node.js";

const config = completeConfig({
  kind: "backbone",
  outType: "raw",
  finalNorm: true,
  resizeEdge: 8,
  imageSize: 8,
  patchSize: 4,
  embedDims: 12,
  numLayers: 2,
  numHeads: 2,
  feedforwardChannels: 24,
  layerNormEps: 1e-6,
});
const source = { read: async ({ name, shape }: Value) => proceduralFill(name, shape)! };
const work: Work = { name: "features" };
const traceWork = ({ name, ...options }: Work, shapes: Shapes) => trace(name, config, shapes, options);
const draw = uniform(5);
const images = tensor(
  new Float32Array(7 * 3 * 8 * 8).map(() => draw()),
  [7, 3, 8, 8],
);

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
  const runnerOf = async (maxValueBytes: number) => {
    const device = new Limited(maxValueBytes);
    devices.push(device);
    const { tape } = traceWork(work, { images: [1, 3, 8, 8] });
    return new Runner(device, await upload(device, tape, source), traceWork);
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
    const whole = await (await runnerOf(2 ** 30)).run(work, { images });
    const parts = await (await runnerOf(limit)).run(work, { images });
    expect(parts.map(([feat]) => feat.shape[0])).toEqual(batches);
    expect(parts.flatMap(([feat]) => [...feat.data])).toEqual([...whole[0][0].data]);
  });

  it("says what does not fit", async () => {
    const one = tensor(images.data.subarray(0, 192), [1, 3, 8, 8]);
    const failed = (await runnerOf(4 * 48 * 4 - 4)).run(work, { images: one });
    await expect(failed).rejects.toBeInstanceOf(OutOfMemoryError);
    await expect(failed).rejects.toThrow(
      "needs a tensor of 768 bytes, and the device takes 764; use an image with at most 99 % of its pixels",
    );
  });
});
