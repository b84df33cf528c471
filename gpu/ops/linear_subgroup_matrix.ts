/**
 * A matmul by the units of a GPU that multiply small matrices. No GPU has been measured, so no device takes it by itself and no option asks
 * for it; the suite compiles it and compares what it computes.
 */

import type { Matmul } from "./home.js";
import { blocks } from "./linear.js";
import text from "./linear_subgroup_matrix.wgsl";

/** `GPUSubgroupMatrixConfig` of Chromium, as much of it as is read. */
interface Config {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

type Info = GPUAdapterInfo & { readonly subgroupMatrixConfigs?: Iterable<Config> };

/** The largest subgroups that the kernel takes: four of them must fit into a workgroup of 256. */
const MAX_SUBGROUP = 64;

/** Elements of K that pass through workgroup memory at a time. */
export const MATRIX_SLICE = 32;

/** Workgroup memory that every GPU has, in bytes. */
const WORKGROUP_BYTES = 16384;

/** The features that the kernel needs. */
export const matrixFeatures = ["subgroups", "chromium-experimental-subgroup-matrix"] as readonly GPUFeatureName[];

/** Whether the kernel can be cut to these matrices. */
function fits({ M, N, K }: Config, elementBytes: number): boolean {
  const bytes = 4 * (M + N) * MATRIX_SLICE * elementBytes + 4 * M * N * 4;
  return N % 4 === 0 && K % 4 === 0 && MATRIX_SLICE % K === 0 && bytes <= WORKGROUP_BYTES;
}

/** The matmul with factors stored as `type`. @throws Error saying what the GPU lacks */
export function subgroupMatrix(features: GPUSupportedFeatures, info: GPUAdapterInfo, type: "f16" | "f32"): Matmul {
  const absent = matrixFeatures.find((feature) => !features.has(feature));
  if (absent) throw new Error(`the feature ${absent} is missing`);
  const { subgroupMatrixConfigs = [], subgroupMaxSize: SUBGROUP = MAX_SUBGROUP } = info as Info;
  if (SUBGROUP > MAX_SUBGROUP)
    throw new Error(`subgroups of ${SUBGROUP} invocations, at most ${MAX_SUBGROUP} are taken`);
  const configs = [...subgroupMatrixConfigs];
  const config = configs.find(
    (each) => each.componentType === type && each.resultComponentType === "f32" && fits(each, type === "f16" ? 2 : 4),
  );
  if (config) return matmulWith(config, SUBGROUP);
  const names = configs.map((c) => `${c.M} x ${c.N} x ${c.K} ${c.componentType} to ${c.resultComponentType}`);
  throw new Error(`no matrices of ${type} with sums in f32; the GPU has ${names.join(", ") || "none that it tells"}`);
}

/** Sizes are constants of the text: in types there can be no overrides. */
export function matmulWith({ M, N, K }: Pick<Config, "M" | "N" | "K">, SUBGROUP: number): Matmul {
  const sizes = Object.entries({ ROWS: M, COLUMNS: N, DEPTH: K, SLICE: MATRIX_SLICE });
  const constants = sizes.map(([name, n]) => `const ${name} = ${n}u;`);
  const file = { name: `linear_subgroup_matrix ${M} x ${N} x ${K}`, text: [text, ...constants].join("\n") };
  return {
    name: "subgroup-matrix",
    dispatch: (product) => ({ file, constants: { SUBGROUP }, grid: blocks(product, 4 * M, 4 * N) }),
  };
}
