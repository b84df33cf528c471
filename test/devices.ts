/** The WASM devices that kernel tests run on. */

import "./relaxed.js";
import type { Device } from "../gpu/device.js";
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
