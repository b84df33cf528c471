/** What the kernels that compute with subgroups need of a GPU. */

import { MATRIX_SLICE, type Matmul, type Multiply, type SubgroupMatrix } from "./kernels/index.js";

/** `GPUSubgroupMatrixConfig` of Chromium, as much of it as is read. */
interface Config {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

type Info = GPUAdapterInfo & { readonly subgroupMatrixConfigs?: Iterable<Config> };

/** The largest subgroups that the kernels take: four of them must fit into a workgroup of 256. */
const MAX_SUBGROUP = 64;

const SUBGROUPS = "subgroups";
const SUBGROUP_MATRIX = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** The features that a kernel of matrix products needs. */
export const featuresFor: { readonly [K in Matmul]: readonly GPUFeatureName[] } = {
  tiled: [],
  direct: [],
  subgroups: [SUBGROUPS],
  "subgroup-matrix": [SUBGROUPS, SUBGROUP_MATRIX],
};

/** Workgroup memory that every GPU has, in bytes. */
const WORKGROUP_BYTES = 16384;

/** Whether linear_subgroup_matrix.wgsl can be cut to these matrices. */
function fits({ M, N, K }: Config, numberBytes: number): boolean {
  const bytes = 4 * (M + N) * MATRIX_SLICE * numberBytes + 4 * M * N * 4;
  return N % 4 === 0 && K % 4 === 0 && MATRIX_SLICE % K === 0 && bytes <= WORKGROUP_BYTES;
}

/** The matrices with factors of `type` and sums in f32; undefined where the GPU has none that fit. */
function matrixOf(info: GPUAdapterInfo, type: "f16" | "f32"): SubgroupMatrix | undefined {
  const { subgroupMatrixConfigs = [], subgroupMaxSize: subgroup = MAX_SUBGROUP } = info as Info;
  const numberBytes = type === "f16" ? 2 : 4;
  const config = [...subgroupMatrixConfigs].find(
    (each) => each.componentType === type && each.resultComponentType === "f32" && fits(each, numberBytes),
  );
  return config && { rows: config.M, columns: config.N, depth: config.K, subgroup };
}

/** What an adapter or device that stores numbers as `type` lacks for `matmul`, for a message; undefined where it lacks nothing. */
export function lackingFor(
  matmul: Matmul,
  features: GPUSupportedFeatures,
  info: GPUAdapterInfo,
  type: "f16" | "f32",
): string | undefined {
  const needed = featuresFor[matmul];
  const absent = needed.find((feature) => !features.has(feature));
  if (absent) return `the feature ${absent}`;
  const { subgroupMaxSize = Infinity } = info;
  if (needed.length > 0 && subgroupMaxSize > MAX_SUBGROUP)
    return `subgroups of at most ${MAX_SUBGROUP} invocations (these are of up to ${subgroupMaxSize})`;
  if (matmul === "subgroup-matrix" && !matrixOf(info, type))
    return `matrices of ${type} with sums in f32 (those of the GPU: ${listed(info)})`;
  return undefined;
}

/** `matmul` with the matrices that it takes, if any. @throws Error where there are none, which `lackingFor` tells before */
export function multiplyBy(matmul: Matmul, info: GPUAdapterInfo, type: "f16" | "f32"): Multiply {
  if (matmul !== "subgroup-matrix") return { matmul };
  const matrix = matrixOf(info, type);
  if (!matrix) throw new Error(`no subgroup matrices of ${type}`);
  return { matmul, matrix };
}

function listed(info: Info): string {
  const configs = [...(info.subgroupMatrixConfigs ?? [])];
  const names = configs.map((c) => `${c.M} x ${c.N} x ${c.K} ${c.componentType} to ${c.resultComponentType}`);
  return names.join(", ") || "none that it tells";
}
