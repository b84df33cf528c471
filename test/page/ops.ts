/** In a page: cases of the op table on a device that is chosen by name. */

import type { Device } from "../../gpu/device.js";
import { openWebGpu } from "../../gpu/webgpu.js";
import { browserPlatform } from "../../sdk/platform/browser.js";
import { WasmDevice } from "../../sdk/wasm/device.js";
import { opCases } from "../ops.cases.js";
import { runCase } from "../ops.run.js";

const devices = {
  wasm: async () => new WasmDevice(browserPlatform, 1),
  "wasm, 2 threads": async () => new WasmDevice(browserPlatform, 2),
  async webgpu() {
    const adapter = await (await browserPlatform.gpu()).requestAdapter();
    if (!adapter) throw new Error("WebGPU finds no adapter");
    return openWebGpu(adapter, {});
  },
} satisfies Record<string, () => Promise<Device>>;

export type PageDevice = keyof typeof devices;

/** Runs the cases at `places` of the table: for each the bits of its output, or the message of its error. */
export async function runOps(name: PageDevice, places: readonly number[]): Promise<(number[] | string)[]> {
  const device: Device = await devices[name]();
  const outputs = [];
  for (const place of places) {
    const bits = (output: Float32Array) => Array.from(new Uint32Array(output.buffer, output.byteOffset, output.length));
    outputs.push(await runCase(device, opCases[place]).then(bits, String));
  }
  device.destroy();
  return outputs;
}
