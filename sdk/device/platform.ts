/** What this room needs of the runtime around it: threads, and the entry of WebGPU. */

import type { KernelBuild } from "./builds.js";

export interface Turbo {
  /** Why this process cannot have it. */
  readonly lacking?: string;
  readonly build: KernelBuild;
}

/** What serving threads need. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the control block (assembly/nn/program.ts). */
  readonly control: number;
  /** Address of the word that a dying thread sets to 1. */
  readonly dead: number;
  /** Threads in all, the caller's included: 1 to count - 1 are started. */
  readonly count: number;
}

export interface Threads {
  /** Resolves when all threads serve, where they need the caller's event loop to start. @throws DeviceError if one does not start */
  readonly ready?: Promise<unknown>;
  stop(): Promise<void>;
}

/** Processors of the runtime. */
export interface DevicePlatform {
  /** Threads that can run at once; 1 if memory cannot be shared. */
  readonly parallelism: number;
  /** Why there can be only one thread, if that depends on how the package is run. */
  readonly oneThread?: string;
  /** Starts threads that call the module's `serve` on its shared memory. They keep no process alive. */
  startThreads(start: ThreadStart): Threads;
  /** Kernels for 256-bit vectors; absent if the engine has no switch for them. */
  readonly turbo?: Turbo;
  /** The entry of WebGPU. @throws DeviceError DEVICE_ABSENT with the reason if there is none */
  gpu(): Promise<GPU>;
}
