/** In a page: the op cases on a device that is chosen by name. */

import type { Device } from "../../gpu/device.js";
import { openWebGpu } from "../../gpu/webgpu.js";
import { browserPlatform } from "../../sdk/platform/browser.js";
import { WasmDevice } from "../../sdk/wasm/device.js";
import { opCases } from "../ops.cases.js";
import { bitsOf, runCase } from "../run-case.js";

async function openGpu(software: boolean): Promise<Device> {
  const adapter = await (await browserPlatform.gpu()).requestAdapter();
  if (!adapter) throw new Error("no adapter");
  return openWebGpu(adapter, { software });
}

export const devices = {
  wasm: async () => new WasmDevice(browserPlatform, 1),
  "wasm, 2 threads": async () => new WasmDevice(browserPlatform, 2),
  webgpu: () => openGpu(false),
  "webgpu, kernels for software adapters": () => openGpu(true),
} satisfies Record<string, () => Promise<Device>>;

/** Bits of the output of every case, in the order of the table; for a case that failed the error's message. */
export async function runOps(name: keyof typeof devices): Promise<(number[] | string)[]> {
  const device: Device = await devices[name]();
  const outputs = [];
  for (const c of opCases) {
    outputs.push(await runCase(device, c).then((output) => Array.from(bitsOf(output)), String));
  }
  device.destroy();
  return outputs;
}
