/** WebGPU in Node: the optional package `webgpu`, which is Dawn, the implementation of Chromium; and what Deno has of its own. */

import { accessSync, closeSync, constants, openSync, readdirSync, readSync } from "node:fs";
import { basename } from "node:path";
import { DeviceError } from "../../gpu/errors.js";
import { loadPackage } from "./node-packages.js";
import { type Drivers, lacksLoader, type Machine, vulkanDrivers } from "./node-vulkan.js";

/** Kept for the life of the process: Dawn crashes if it is collected while a device lives. */
let opened: Promise<GPU> | undefined;

/** The entry of WebGPU. @throws DeviceError DEVICE_ABSENT with the reason */
export async function openGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own) return own;
  opened ??= loadDawn();
  return opened;
}

/** Dawn; `specifier` is another module in its place, for tests. @throws DeviceError DEVICE_ABSENT with the reason */
export async function loadDawn(specifier?: string): Promise<GPU> {
  const unusable = (cause: unknown) => {
    const what = `WebGPU needs a GPU with its driver and the package webgpu, ${(cause as Error).message}`;
    throw new DeviceError("DEVICE_ABSENT", what, { cause });
  };
  const { create } = await loadPackage("webgpu", specifier).catch(unusable);
  // before there is a Dawn, which crashes if it is dropped
  const drivers = process.platform === "linux" ? checkVulkan(thisMachine) : undefined;
  const gpu: GPU = create([]);
  if (drivers && drivers.broken.length > 0) await loadOnly(drivers.usable, gpu);
  return gpu;
}

/** The drivers of a machine, if they can be listed. @throws DeviceError DEVICE_ABSENT if there is certainly none that works */
export function checkVulkan(machine: Machine): Drivers | undefined {
  if (lacksLoader(machine)) throw absent("there is no Vulkan on this machine (libvulkan.so.1)");
  const drivers = vulkanDrivers(machine);
  if (!drivers || drivers.usable.length > 0) return drivers;
  const { broken, searched } = drivers;
  if (broken.length === 0) throw absent(`no Vulkan driver is installed (no manifest in ${searched})`);
  const more = broken.length > SHOWN ? `, and ${broken.length - SHOWN} more` : "";
  const whys = broken.slice(0, SHOWN).map(({ path, why }) => `${basename(path)} (${why})`);
  throw absent(`no Vulkan driver works here: ${whys.join(", ")}${more}`);
}

/** Drivers that an error names. */
const SHOWN = 3;

const absent = (what: string) => new DeviceError("DEVICE_ABSENT", `${what}: install the driver of the GPU`);

/** Lets Dawn load only these drivers, which it does when it is first asked for an adapter: it would complain of the others. */
async function loadOnly(manifests: readonly string[], gpu: GPU): Promise<void> {
  // loaders before 1.3.207 know only the second name
  const names = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
  const before = names.map((name) => process.env[name]);
  try {
    for (const name of names) process.env[name] = manifests.join(":");
    await gpu.requestAdapter();
  } finally {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
  }
}

/** What `work` gives, or `other` where the system refuses. */
function unless<T>(other: T, work: () => T): T {
  try {
    return work();
  } catch {
    return other;
  }
}

function readStart(path: string, most: number): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(most);
    return bytes.toString("latin1", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

const thisMachine: Machine = {
  env: process.env,
  arch: process.arch,
  list: (folder) => unless([], () => readdirSync(folder).sort()),
  read: (path, most) => unless(undefined, () => readStart(path, most)),
  writable: (path) =>
    unless(false, () => {
      accessSync(path, constants.R_OK | constants.W_OK);
      return true;
    }),
};
