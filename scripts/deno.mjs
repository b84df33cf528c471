// Deno from the package registry: its WebGPU is wgpu with the WGSL compiler naga, as in Firefox: a second compiler for every kernel.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { npmInstall } from "./npm.mjs";
import { softwareGpuRuns } from "./software.mjs";

const VERSION = "2.9.5";
const cache = join(dirname(import.meta.dirname), `node_modules/.cache/deno-${VERSION}`);
const program = join(cache, "node_modules/@deno/linux-x64-glibc/deno");

/** Deno's executable, fetched into the cache the first time; undefined if it cannot be had. */
export function fetchDeno() {
  if (!softwareGpuRuns()) return undefined;
  try {
    if (!existsSync(program))
      npmInstall(cache, [`@deno/linux-x64-glibc@${VERSION}`], { timeout: 120_000, stdio: "ignore" });
  } catch {}
  return existsSync(program) ? program : undefined;
}
