// Deno from the package registry: its WebGPU is wgpu with the WGSL compiler naga, as in Firefox: a second compiler for every kernel.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { softwareGpuRuns } from "./software.mjs";

const VERSION = "2.9.5";
const cache = join(dirname(dirname(fileURLToPath(import.meta.url))), `node_modules/.cache/deno-${VERSION}`);

/** Deno's executable, fetched into the cache the first time; undefined where it cannot be had. */
export function fetchDeno() {
  if (!softwareGpuRuns()) return undefined;
  const program = join(cache, "node_modules/@deno/linux-x64-glibc/deno");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", cache];
  if (!existsSync(program)) {
    const [command, ...first] = [...npm, ...args, `@deno/linux-x64-glibc@${VERSION}`];
    spawnSync(command, first, { timeout: 120_000 });
  }
  return existsSync(program) ? program : undefined;
}
