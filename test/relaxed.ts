/**
 * Switches relaxed SIMD on where V8 has it behind a flag (Node 20): Chromium has it, and the bits of one are compared with the other's. To be
 * imported before a device is made.
 */

import { setFlagsFromString } from "node:v8";

/** What Node's processes are given for the same. */
export const relaxedFlags =
  Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];

for (const flag of relaxedFlags) setFlagsFromString(flag);
