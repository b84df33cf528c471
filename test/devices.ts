/** The devices of this process that kernel tests run on. */

import type { Device } from "../gpu/device.js";
import { openWebGpu, type WebGpuDevice } from "../gpu/webgpu.js";
import { softwareGpuRuns } from "../scripts/software.mjs";
import { nodePlatform } from "../sdk/platform/node.js";
import { WasmDevice } from "../sdk/wasm/device.js";

/** Name -> WASM device; threaded ones are listed after the single thread whose bits they must give. */
export const wasmDevices: Readonly<Record<string, () => Device>> = {
  "wasm, 1 thread": () => new WasmDevice(nodePlatform, 1),
  "wasm, 2 threads": () => new WasmDevice(nodePlatform, 2),
  "wasm, 3 threads": () => new WasmDevice(nodePlatform, 3),
};

/** Whether WebGPU must be here: on other machines its tests are skipped. */
export const hasWebGpu = softwareGpuRuns();

/** A WebGPU device on Dawn with the software adapter. */
export async function dawn(): Promise<WebGpuDevice> {
  const adapter = await (await nodePlatform.gpu()).requestAdapter();
  if (!adapter)
    throw new Error("Dawn finds no adapter: are LD_LIBRARY_PATH and VK_ICD_FILENAMES those of softwareGpu()?");
  return openWebGpu(adapter, {});
}
