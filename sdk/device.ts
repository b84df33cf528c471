/** Chooses the device that runs a model, and says why. */

import type { Device } from "../gpu/device.js";
import { DeviceError } from "../gpu/errors.js";
import { checkChoice, checkInteger } from "./check.js";
import type { Platform } from "./platform/types.js";
import { WasmDevice } from "./wasm/device.js";

export type DeviceChoice = "auto" | "webgpu" | "wasm";

export const deviceChoices: readonly DeviceChoice[] = ["auto", "webgpu", "wasm"];

/** Which device runs a model, and why. */
export interface DeviceInfo {
  readonly kind: "webgpu" | "wasm";
  /** Name of the GPU; null on WASM. */
  readonly adapter: string | null;
  /** The adapter is a software one. */
  readonly isFallback: boolean;
  readonly reason: string;
  readonly threads: number;
  /** Build of the kernels. */
  readonly variant: string;
}

const NO_WEBGPU = "this version of maskfeat-wgpu computes on WebAssembly alone";
const MAX_THREADS = 64;

/** Threads that `auto` takes at most: beyond this many, memory bandwidth is the limit. */
const AUTO_THREADS = 8;

function threadCount(platform: Platform, threads: number | undefined): number {
  if (threads === undefined) return Math.min(platform.parallelism, AUTO_THREADS);
  checkInteger("threads", threads, 1, MAX_THREADS);
  if (threads > 1 && platform.oneThread) {
    throw new DeviceError(
      "DEVICE_ABSENT",
      `threads: ${threads} asked for, but ${platform.oneThread}; leave threads out`,
    );
  }
  return threads;
}

/**
 * Opens a device. `threads`: for WASM, default one for each processor, at most 8.
 * @throws OptionError; DeviceError (DEVICE_ABSENT) where the device asked for is not there.
 */
export async function openDevice(
  platform: Platform,
  choice: DeviceChoice = "auto",
  threads?: number,
): Promise<{ device: Device; info: DeviceInfo }> {
  checkChoice("device", choice, deviceChoices);
  if (choice === "webgpu")
    throw new DeviceError("DEVICE_ABSENT", `device webgpu: ${NO_WEBGPU}; use device wasm or auto`);
  const count = threadCount(platform, threads);
  const device = new WasmDevice(platform, count);
  const why = choice === "wasm" ? "asked for" : NO_WEBGPU;
  const reason = platform.oneThread ? `${why}; 1 thread: ${platform.oneThread}` : why;
  return { device, info: { kind: "wasm", adapter: null, isFallback: false, reason, threads: count, variant: "simd" } };
}

/** A device of this runtime and whether it can be used. */
export interface DeviceReport {
  readonly kind: "webgpu" | "wasm";
  readonly available: boolean;
  readonly adapter: string | null;
  readonly isFallback: boolean;
  readonly features: readonly string[];
  readonly reason: string;
}

/** All devices, usable or not. */
export async function listDevices(platform: Platform): Promise<DeviceReport[]> {
  const { parallelism, oneThread } = platform;
  const simd = `128-bit SIMD, ${oneThread ? `1 thread: ${oneThread}` : `up to ${parallelism} threads`}`;
  return [
    { kind: "webgpu", available: false, adapter: null, isFallback: false, features: [], reason: NO_WEBGPU },
    { kind: "wasm", available: true, adapter: null, isFallback: false, features: ["simd128"], reason: simd },
  ];
}
