/** WebGPU in Node: the optional package `webgpu`, which is Dawn, the implementation of Chromium; and what Deno has of its own. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DeviceError } from "../../gpu/errors.js";

/** In a variable, so that bundlers leave the optional package alone. */
const WEBGPU = "webgpu";

/** Kept for the life of the process: Dawn crashes if it is collected while a device lives. */
let opened: Promise<GPU> | undefined;

/** The entry of WebGPU. @throws DeviceError DEVICE_ABSENT with the reason */
export async function openGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own) return own;
  opened ??= loadDawn();
  return opened;
}

async function loadDawn(specifier = WEBGPU): Promise<GPU> {
  if (lacksVulkan()) {
    const what = "there is no Vulkan on this machine (libvulkan.so.1): install the driver of the GPU";
    throw new DeviceError("DEVICE_ABSENT", what);
  }
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)).create([]);
  } catch (cause) {
    const what = "the optional package webgpu is missing or does not work on this machine: npm i webgpu";
    throw new DeviceError("DEVICE_ABSENT", what, { cause });
  }
}

const LOADER = "libvulkan.so.1";

/** Whether the dynamic linker certainly finds no Vulkan, of which Dawn would complain on stderr in its own words. */
function lacksVulkan(): boolean {
  const cache = "/etc/ld.so.cache";
  if (process.platform !== "linux" || !existsSync(cache)) return false;
  const folders = (process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean);
  return !readFileSync(cache, "latin1").includes(LOADER) && !folders.some((folder) => existsSync(join(folder, LOADER)));
}
