/**
 * Matrix products by the matrices that subgroups multiply. The software adapter of the dev dependencies has none: there the kernel runs with
 * them written out, and its own text is compiled by Dawn, which then executes nothing. Where an adapter has them `npm run f16` runs it.
 */

import { expect, it } from "vitest";
import { callOf, measureCall } from "../conformance/calls.js";
import { uniform } from "../conformance/ops/define.js";
import type { Shape } from "../gpu/graph/op.js";
import { size } from "../gpu/graph/op.js";
import { moduleSource } from "../gpu/kernels/index.js";
import { selfTest } from "../gpu/selftest.js";
import { lackingFor } from "../gpu/subgroups.js";
import { openWebGpu } from "../gpu/webgpu.js";
import { bindApi } from "../sdk/entries/api.js";
import type { ModelOptions } from "../sdk/entries/node.js";
import { emulated } from "./emulated-matrices.js";
import { altered, realAdapter, replacing, withAdapter, withSource } from "./fake-gpu.js";
import { describeOn } from "./needs.js";
import { tiny } from "./tiny.js";

const FEATURE = "chromium-experimental-subgroup-matrix" as GPUFeatureName;
const FILE = "linear_subgroup_matrix.wgsl";

/** As Chromium tells of a GPU's matrices. */
const config = (M: number, N: number, K: number, componentType = "f32", resultComponentType = "f32") => ({
  M,
  N,
  K,
  componentType,
  resultComponentType,
});

/** The software adapter with such matrices, `edit` being done to the kernels before they are written out. */
async function withMatrices(
  configs: readonly object[],
  { subgroupMaxSize = 4, edit = (code: string) => code } = {},
): Promise<GPUAdapter> {
  const real = await realAdapter();
  return altered(real, {
    info: { vendor: "test", architecture: "gpu", subgroupMaxSize, subgroupMatrixConfigs: configs },
    features: new Set([...real.features, FEATURE]),
    requestDevice: async ({ requiredFeatures = [], ...rest }: GPUDeviceDescriptor) => {
      expect(requiredFeatures).toContain(FEATURE);
      const features = [...requiredFeatures].filter((feature) => feature !== FEATURE);
      const device = await real.requestDevice({ ...rest, requiredFeatures: features });
      return altered(
        device,
        withSource(device, (code) => emulated(edit(code))),
      );
    },
  });
}

const asked = { device: "webgpu", matmul: "subgroup-matrix" } as const;
const open = (adapter: GPUAdapter, options: ModelOptions = asked) =>
  bindApi(withAdapter(adapter)).getModel(tiny, { weights: "procedural", ...options });

describeOn("Dawn", "products by matrices of subgroups", () => {
  /** x, weight: less than a vector of rows; less than a matrix; whole workgroups and slices; more than them. */
  const shapes: readonly (readonly [Shape, Shape])[] = [
    [
      [1, 1, 4],
      [4, 4],
    ],
    [
      [1, 5, 12],
      [20, 12],
    ],
    [
      [2, 64, 64],
      [64, 64],
    ],
    [
      [3, 23, 100],
      [132, 100],
    ],
  ];

  // the second kind has subgroups of 4 where the largest are of 8
  it.each([
    { rows: 4, columns: 8, depth: 16, subgroupMaxSize: 4 },
    { rows: 8, columns: 8, depth: 8, subgroupMaxSize: 8 },
  ])("are within the bounds of sums: $rows x $columns x $depth", async ({ rows, columns, depth, subgroupMaxSize }) => {
    const device = await openWebGpu(await withMatrices([config(rows, columns, depth)], { subgroupMaxSize }), asked);
    const draw = uniform(rows + columns);
    for (const [x, weight] of shapes) {
      const bias = [weight[0]];
      const y = [...x.slice(0, -1), weight[0]];
      for (const call of [
        callOf("linear", [x, weight, bias], {}),
        callOf("linearGelu", [x, weight, bias], {}),
        callOf("linearAdd", [x, weight, bias, y], {}),
      ]) {
        const inputs = call.inputs.map(({ shape }) => new Float32Array(size(shape)).map(draw));
        const { use } = await measureCall(device, call, inputs);
        expect(use, `${call.op} [${x}] x [${weight}]`).toBeLessThanOrEqual(1);
      }
    }
    device.destroy();
  });

  it("run a model", async () => {
    using model = await open(await withMatrices([config(16, 16, 16, "f16"), config(4, 8, 16)]));
    expect(model.device).toMatchObject({ variant: "subgroup-matrix", selfTest: { passed: true } });
  });

  it.each([
    ["the last slice of K", "k0 < K / 4u; k0 += DEEP", "k0 + DEEP < K / 4u; k0 += DEEP"],
    ["the end of a slice", "d < SLICE; d += DEPTH", "d + DEPTH < SLICE; d += DEPTH"],
    ["what is right of the first matrix", "d * 4u * ACROSS + right + ACROSS", "d * 4u * ACROSS + right"],
    ["what is below the first matrix", "(down + ROWS) * DEEP", "down * DEEP"],
    ["a square", "square * ROWS * ACROSS", "0u"],
  ])("that forget %s fail the self-test", async (_, text, replacement) => {
    const mutant = replacing(text, replacement);
    const device = await openWebGpu(await withMatrices([config(4, 8, 16)], mutant), asked);
    const result = await selfTest(device);
    device.destroy();
    expect(mutant.edits).toBeGreaterThan(0);
    expect(result.passed).toBe(false);
  });

  it("compile without a word of Dawn's, with numbers of both types", async () => {
    const { create } = await import("webgpu");
    const none = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
    const adapter = (await none.requestAdapter()) as GPUAdapter;
    const device = await adapter.requestDevice({ requiredFeatures: ["subgroups", "shader-f16", FEATURE] });
    for (const [rows, columns, depth] of [
      [8, 8, 8],
      [16, 16, 16],
      [8, 16, 16],
    ]) {
      for (const f16 of [false, true]) {
        const code = moduleSource(FILE, f16, { rows, columns, depth, subgroup: 32 });
        const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
        expect(messages.map(({ message }) => message)).toEqual([]);
      }
    }
    device.destroy();
  });

  it("are refused where the GPU has no such matrices, or none that fit, with what it has", async () => {
    await expect(open(await realAdapter())).rejects.toMatchObject({
      code: "DEVICE_ABSENT",
      message: `matmul: subgroup-matrix needs the feature ${FEATURE}; leave matmul out`,
    });
    const adapter = await withMatrices([config(8, 8, 8, "f16"), config(16, 16, 16, "f16", "f16")]);
    await expect(open(adapter)).rejects.toThrow(
      "needs matrices of f32 with sums in f32 (those of the GPU: 8 x 8 x 8 f16 to f32, 16 x 16 x 16 f16 to f16); leave matmul out",
    );
    const lacking = (type: "f16" | "f32", configs?: readonly object[]) =>
      lackingFor(
        "subgroup-matrix",
        new Set(adapter.features),
        { subgroupMaxSize: 32, subgroupMatrixConfigs: configs } as never,
        type,
      );
    expect(lacking("f16", [config(8, 8, 8, "f16")])).toBeUndefined();
    expect(lacking("f16", [])).toMatch(/none that it tells/);
    expect(lacking("f16")).toMatch(/none that it tells/);
    // of a depth that no slice is a multiple of, of rows that are no vectors, of more workgroup memory than there is
    for (const [M, N, K] of [
      [16, 16, 64],
      [16, 6, 16],
      [32, 32, 16],
    ])
      expect(lacking("f16", [config(M, N, K, "f16")])).toMatch(`${M} x ${N} x ${K} f16 to f32`);
  });
});
