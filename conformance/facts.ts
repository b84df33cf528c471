/** What a device and its runtime say about themselves, for readers of a report. */

import type { DeviceChoice, DeviceInfo } from "../sdk/device/open.js";
import type { Platform } from "../sdk/model/platform.js";
import type { Report } from "./report.js";

type Facts = Report["facts"];

/** Limits that kernels are near to. */
const limits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Facts of the adapter that `getModel` would take, or of the caller's own device. */
async function gpuFacts(platform: Platform, choice: DeviceChoice | undefined): Promise<Facts> {
  const own = typeof choice === "object" ? (choice as GPUDevice) : undefined;
  const gpu = own ?? (await (await platform.gpu()).requestAdapter({ powerPreference: "high-performance" }));
  if (!gpu) return [];
  const info = own ? own.adapterInfo : (gpu as GPUAdapter).info;
  const about = ["vendor", "architecture", "device", "description"] as const;
  return [
    ...about.map((name) => ({ name, value: info?.[name] ?? "" })).filter(({ value }) => value !== ""),
    { name: "features", value: [...gpu.features].sort().join(", ") },
    ...limits.map((name) => ({ name, value: String(gpu.limits[name]) })),
  ];
}

/** Names for people, in the order of showing. */
export async function factsOf(platform: Platform, info: DeviceInfo, choice: DeviceChoice | undefined): Promise<Facts> {
  const facts = [
    { name: "kind", value: info.kind === "wasm" ? "WebAssembly" : "WebGPU" },
    { name: "adapter", value: info.adapter ?? "none: it computes on the CPU" },
    { name: "software adapter", value: info.isFallback ? "yes" : "no" },
    { name: "kernels", value: info.variant },
    { name: "threads", value: String(info.threads) },
    { name: "chosen because", value: info.reason },
    { name: "threads of the machine", value: String(platform.parallelism) },
  ];
  const system = globalThis.navigator?.userAgent;
  return [
    ...facts,
    ...(info.kind === "webgpu" ? await gpuFacts(platform, choice) : []),
    ...(system ? [{ name: "user agent", value: system }] : []),
  ];
}
