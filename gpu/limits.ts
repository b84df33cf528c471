/** What the kernels need of a GPU. */

/** Limits that the kernels need: WebGPU's defaults or less. */
const NEEDED = {
  maxStorageBuffersPerShaderStage: 5,
  maxComputeWorkgroupStorageSize: 13312,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 64,
  maxComputeWorkgroupsPerDimension: 65535,
} as const;

/** What `limits` lack for the kernels, for a message; undefined if they are enough. */
export function lackingLimit(limits: GPUSupportedLimits): string | undefined {
  const names = Object.keys(NEEDED) as (keyof typeof NEEDED)[];
  const name = names.find((key) => limits[key] < NEEDED[key]);
  return name && `${name} is ${limits[name]}, at least ${NEEDED[name]} is needed`;
}
