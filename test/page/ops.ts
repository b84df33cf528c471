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

/** In base64: numbers in JSON take minutes. */
function bytesAsText({ buffer, byteOffset, byteLength }: Float32Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}

export interface Ran {
  /** The bytes of the output in base64. */
  readonly output?: string;
  readonly error?: string;
}

/** Runs the cases at `places` of the table. */
export async function runOps(name: PageDevice, places: readonly number[]): Promise<Ran[]> {
  const device: Device = await devices[name]();
  const ran: Ran[] = [];
  for (const place of places) {
    const run = runCase(device, opCases[place]);
    ran.push(
      await run.then(
        (output) => ({ output: bytesAsText(output) }),
        (error) => ({ error: String(error) }),
      ),
    );
  }
  device.destroy();
  return ran;
}
