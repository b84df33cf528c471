/** Sums over long axes err no more than torch's own float32 does (fixtures/peers/sums.json, by scripts/golden/peers/sums.py). */

import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { callOf, runCall } from "../conformance/calls.js";
import { size, uniform } from "../conformance/ops/define.js";
import { evaluate } from "../conformance/reference.js";
import type { Device } from "../gpu/device.js";
import { direct } from "../gpu/ops/linear.js";
import { openWebGpu } from "../gpu/webgpu.js";
import { builds } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { realAdapter } from "./fake-gpu.js";
import { some } from "./helpers.js";
import { describeOn } from "./needs.js";

/** Dims as the script has them; the errors of torch. */
interface Member {
  readonly op: keyof typeof forms;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly rms: number;
  readonly most: number;
}

/** Shapes of the inputs, and attributes. */
const forms = {
  meanTokens: (x: readonly number[]) => ({ shapes: [x], attrs: {} }),
  layerNorm: ([m, c]: readonly number[]) => ({ shapes: [[m, c], [c], [c]], attrs: { eps: 1e-6 } }),
  attention: ([l, d]: readonly number[]) => ({
    shapes: Array.from({ length: 3 }, () => [1, l, d]),
    attrs: { heads: 1, width: d, offsets: [0, 0, 0] },
  }),
  linear: ([m, k, n]: readonly number[]) => ({ shapes: [[m, k], [n, k], [n]], attrs: {} }),
  maskedMse: ([b, n, f]: readonly number[]) => ({
    shapes: [
      [b, n, f],
      [b, n, f],
      [b, n],
    ],
    attrs: {},
  }),
};

const { members }: { members: Member[] } = JSON.parse(readFileSync("test/fixtures/peers/sums.json", "utf8"));
const of = (op: Member["op"]) => members.filter((member) => member.op === op);

/** The errors of a device, beside torch's: ratios of the root mean squares and of the largest. */
async function ratiosOf(device: Device, { op, dims, offset, ...torch }: Member) {
  const { shapes, attrs } = forms[op](dims);
  const draw = uniform(size(dims));
  const isMask = (input: number) => op === "maskedMse" && input === 2;
  const inputs = shapes.map((shape, input) =>
    new Float32Array(size(shape)).map(() => (isMask(input) ? 1 : (input ? 0 : offset) + draw())),
  );
  const call = callOf(op, shapes, attrs as never);
  const [found] = await runCall(device, call, inputs);
  const [exact] = evaluate(
    call,
    inputs.map((x) => new Float64Array(x)),
  );
  // the second number of a loss is the count of tokens
  const compared = op === "maskedMse" ? exact.subarray(0, 1) : exact;
  const errors = compared.map((y, i) => Math.abs(found[i] - y));
  const rms = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
  const ratio = (own: number, theirs: number) => (own === 0 ? 0 : own / theirs);
  return {
    rms: ratio(rms, torch.rms),
    most: ratio(
      errors.reduce((most, e) => Math.max(most, e), 0),
      torch.most,
    ),
  };
}

describe("on WASM", () => {
  const device = new WasmDevice(nodePlatform, 1, builds.simd);
  afterAll(() => device.destroy());

  // torch's errors are rounded to six digits
  it.each(of("meanTokens"))("the mean of $dims around $offset errs no more than torch's", async (member) => {
    const { rms, most } = await ratiosOf(device, member);
    expect(rms).toBeLessThanOrEqual(1 + 1e-5);
    expect(most).toBeLessThanOrEqual(1 + 1e-5);
  });

  // errors of so few numbers vary: torch's own differ as much between two processors
  it.each([
    ["layerNorm", 4, 14],
    ["attention", 2, 2],
    ["linear", 1.25, 6],
    ["maskedMse", 1.25, 3],
  ] as const)("%s errs at most %d times as much, at the first %d sizes", async (op, most, count) => {
    for (const member of some(of(op), count)) {
      expect((await ratiosOf(device, member)).most, `${member.dims}`).toBeLessThanOrEqual(most);
    }
  });
});

describeOn("Dawn", "on WebGPU", () => {
  // the errors of 48 columns vary by a fifth with their numbers, those of 3,072 by a fiftieth
  it.each(of("meanTokens").filter(({ dims: [B] }) => B > 1))(
    "the mean of $dims around $offset errs no more than torch's",
    async (member) => {
      const device = await openWebGpu(await realAdapter(), { matmul: direct });
      expect((await ratiosOf(device, member)).rms).toBeLessThanOrEqual(1);
      device.destroy();
    },
  );
});
