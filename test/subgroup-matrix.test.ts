/**
 * Matrix products by the matrices that subgroups multiply. The software adapter of the dev dependencies has none: there the kernel runs with
 * them written out, and its own text is compiled by Dawn, which then executes nothing. Where an adapter has them `npm run f16` runs it.
 */

import { expect, it } from "vitest";
import { callOf, measureCall } from "../conformance/calls.js";
import { uniform } from "../conformance/ops/define.js";
import type { Shape } from "../gpu/graph/op.js";
import { size } from "../gpu/graph/op.js";
import { matmulWith, matrixFeatures, subgroupMatrix } from "../gpu/ops/linear_subgroup_matrix.js";
import { moduleSource } from "../gpu/ops/wgsl.js";
import { selfTest } from "../gpu/selftest.js";
import { openWebGpu } from "../gpu/webgpu.js";
import { emulated } from "./emulated-matrices.js";
import { altered, realAdapter, replacing, withSource } from "./fake-gpu.js";
import { some } from "./helpers.js";
import { describeOn } from "./needs.js";

const [, FEATURE] = matrixFeatures;

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

/** The device of `adapter` that multiplies by its matrices of f32. */
const open = (adapter: GPUAdapter) =>
  openWebGpu(adapter, {
    features: matrixFeatures,
    matmul: subgroupMatrix(adapter.features, adapter.info, "f32"),
  });

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
  const kinds = [
    { rows: 4, columns: 8, depth: 16, subgroupMaxSize: 4 },
    { rows: 8, columns: 8, depth: 8, subgroupMaxSize: 8 },
  ];
  it.each(some(kinds, 1))(
    "are within the bounds of sums: $rows x $columns x $depth",
    async ({ rows, columns, depth, subgroupMaxSize }) => {
      const device = await open(await withMatrices([config(rows, columns, depth)], { subgroupMaxSize }));
      const draw = uniform(rows + columns);
      for (const [x, weight] of shapes) {
        const bias = [weight[0]];
        const y = [...x.slice(0, -1), weight[0]];
        for (const call of [
          callOf("linear", [x, weight, bias], {}),
          callOf("linear", [x, weight, bias], { epilogue: "gelu" }),
          callOf("linear", [x, weight, bias, y], { epilogue: "residual" }),
        ]) {
          const inputs = call.inputs.map(({ shape }) => new Float32Array(size(shape)).map(draw));
          const { use } = await measureCall(device, call, inputs);
          expect(use, `${call.op} [${x}] x [${weight}]`).toBeLessThanOrEqual(1);
        }
      }
      device.destroy();
    },
  );

  it("pass the self-test, of the matrices that fit", async () => {
    const device = await open(await withMatrices([config(16, 16, 16, "f16"), config(4, 8, 16)]));
    expect(device.matmul.name).toBe("subgroup-matrix");
    expect(await selfTest(device)).toMatchObject({ passed: true });
    device.destroy();
  });

  const forgotten = [
    ["the last slice of K", "k0 < K / 4u; k0 += DEEP", "k0 + DEEP < K / 4u; k0 += DEEP"],
    ["the end of a slice", "d < SLICE; d += DEPTH", "d + DEPTH < SLICE; d += DEPTH"],
    ["what is right of the first matrix", "d * 4u * ACROSS + right + ACROSS", "d * 4u * ACROSS + right"],
    ["what is below the first matrix", "(down + ROWS) * DEEP", "down * DEEP"],
    ["a square", "square * ROWS * ACROSS", "0u"],
  ];
  it.each(some(forgotten, 2))("that forget %s fail the self-test", async (_, text, replacement) => {
    const mutant = replacing(text, replacement);
    const device = await open(await withMatrices([config(4, 8, 16)], mutant));
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
        const { file } = matmulWith({ M: rows, N: columns, K: depth }, 32).dispatch({ M: 64, N: 64, K: 64 });
        const code = moduleSource(file, f16);
        const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
        expect(messages.map(({ message }) => message)).toEqual([]);
      }
    }
    device.destroy();
  });

  it("are refused if the GPU has no such matrices, or none that fit, with what it has", async () => {
    const { features, info } = await realAdapter();
    expect(() => subgroupMatrix(features, info, "f32")).toThrow(`the feature ${FEATURE} is missing`);
    const having = (configs?: readonly object[], subgroupMaxSize = 32) =>
      subgroupMatrix(new Set(matrixFeatures), { subgroupMaxSize, subgroupMatrixConfigs: configs } as never, "f16");
    expect(having([config(8, 8, 8, "f16")]).name).toBe("subgroup-matrix");
    expect(() => having([config(8, 8, 8), config(16, 16, 16, "f16", "f16")])).toThrow(
      "no matrices of f16 with sums in f32; the GPU has 8 x 8 x 8 f32 to f32, 16 x 16 x 16 f16 to f16",
    );
    expect(() => having([])).toThrow(/none that it tells/);
    expect(() => having()).toThrow(/none that it tells/);
    expect(() => having([config(8, 8, 8, "f16")], 128)).toThrow(/subgroups of 128 invocations, at most 64/);
    // of a depth that no slice is a multiple of, of rows that are no vectors, of more workgroup memory than there is
    for (const [M, N, K] of [
      [16, 16, 64],
      [16, 6, 16],
      [32, 32, 16],
    ])
      expect(() => having([config(M, N, K, "f16")])).toThrow(`${M} x ${N} x ${K} f16 to f32`);
  });
});
