/** The devices that kernel tests run on. */

import type { Device } from "../gpu/device.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { WasmDevice } from "../sdk/wasm/device.js";

/** Name -> device; threaded ones are listed after the single thread whose bits they must give. */
export const devices: Readonly<Record<string, () => Device>> = {
  "wasm, 1 thread": () => new WasmDevice(nodePlatform, 1),
  "wasm, 2 threads": () => new WasmDevice(nodePlatform, 2),
  "wasm, 3 threads": () => new WasmDevice(nodePlatform, 3),
};
