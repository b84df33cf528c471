/** The devices of this process that kernel tests run on. */

import "./relaxed.js";
import type { Device } from "../gpu/device.js";
import { openWebGpu, type WebGpuDevice } from "../gpu/webgpu.js";
import { softwareGpuRuns } from "../scripts/software.mjs";
import { builds } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { nodePlatform } from "../sdk/platform/node.js";

/** Name -> WASM device; threaded ones are listed after the single thread whose bits they must give. */
export const wasmDevices: Readonly<Record<string, () => Device>> = Object.fromEntries(
  Object.values(builds).flatMap((build) =>
    [1, 2, 3].map((threads) => [
      `wasm ${build.name}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      () => new WasmDevice(nodePlatform, threads, build),
    ]),
  ),
);

/** Whether WebGPU must be here: on other machines its tests are skipped. */
export const hasWebGpu = softwareGpuRuns();

/** A WebGPU device on Dawn with the software adapter. */
export async function dawn(): Promise<WebGpuDevice> {
  const adapter = await (await nodePlatform.gpu()).requestAdapter();
  if (!adapter)
    throw new Error("Dawn finds no adapter: are LD_LIBRARY_PATH and VK_ICD_FILENAMES those of softwareGpu()?");
  return openWebGpu(adapter, {});
}
