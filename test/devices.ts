/** The builds of the WASM kernels that this process can run. */

import "./relaxed.js";
import { builds, type KernelBuild } from "../sdk/device/builds.js";
import { nodeTurbo } from "../sdk/platform/node-turbo.js";

export const wasmBuilds: readonly KernelBuild[] = [
  ...Object.values(builds),
  ...(nodeTurbo.lacking ? [] : [nodeTurbo.build]),
];
