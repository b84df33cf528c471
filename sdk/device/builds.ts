/** The builds of the WASM device's kernels (scripts/assembly.mjs), and which of them an engine takes. */

import relaxed from "../../build/relaxed.wasm";
import relaxedThreads from "../../build/relaxed-threads.wasm";
import simd from "../../build/simd.wasm";
import simdThreads from "../../build/simd-threads.wasm";
import type { WasmCore } from "../../gpu/ops/home.js";
import { type Core, createCore, hasWasm } from "../wasm/core.js";

/** Kernels compiled for one kind of engine. */
export interface KernelBuild {
  readonly name: "simd" | "relaxed" | "turbo";
  /** For one thread. */
  readonly alone: Uint8Array;
  /** For several threads on shared memory. */
  readonly together: Uint8Array;
  /** How the engine is to compile it, where that is special. */
  readonly compile?: (bytes: Uint8Array) => WebAssembly.Module;
}

/** Those that need no switch of the engine. */
export const builds = {
  simd: { name: "simd", alone: simd, together: simdThreads },
  relaxed: { name: "relaxed", alone: relaxed, together: relaxedThreads },
} as const satisfies Record<string, KernelBuild>;

let best: KernelBuild | undefined;

/** The fastest build that this engine runs without switches. A module given to `useWasm` is built with the flags of `simd`. */
export function bestBuild(): KernelBuild {
  if (hasWasm()) return builds.simd;
  best ??= WebAssembly.validate(relaxed as BufferSource) ? builds.relaxed : builds.simd;
  return best;
}

/** A core with the kernels of `build`, for one thread or for `threads` of them. */
export function createKernels({ alone, together, compile }: KernelBuild, threads = 1): Core<WasmCore> {
  return threads > 1 ? createCore(together, true, compile) : createCore(alone, false, compile);
}
