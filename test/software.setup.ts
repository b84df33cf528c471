/**
 * Gives the test processes the software GPU as their Vulkan driver, unless another is named (the dynamic linker reads the environment when
 * they start), and tells them which devices this machine lacks.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { softwareGpu, softwareGpuRuns } from "../scripts/software.mjs";
import type { Absent } from "./needs.js";

/** Why `probe` fails, undefined if it does not: the last words of the program that it runs, or the error's. */
function whyNot(probe: () => void): string | undefined {
  try {
    probe();
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return stderr?.trim().split("\n").at(-1) || message;
  }
}

function fail(message: string): never {
  throw new Error(message);
}

/** Prints the features of Dawn's adapter, or fails and says why there is none. */
const DAWN = `
  try {
    const { create } = await import("webgpu");
    const adapter = await create([]).requestAdapter();
    if (!adapter) throw new Error("it finds no adapter");
    console.log([...adapter.features].join());
    process.exit();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }`;

const run = (program: string, args: readonly string[], env = process.env) =>
  execFileSync(program, args, { env, encoding: "utf8", stdio: "pipe", timeout: 60_000 });

export function setup({ provide }: TestProject): void {
  if (softwareGpuRuns() && !process.env.VK_ICD_FILENAMES) Object.assign(process.env, softwareGpu().env);
  let features: string[] = [];
  const absent: Absent = {
    WASM: whyNot(() => {
      if (!WebAssembly.validate(readFileSync("build/simd.wasm"))) fail("this engine has no SIMD");
    }),
    Dawn: whyNot(() => {
      features = run(process.execPath, ["--input-type=module", "-e", DAWN]).trim().split(",");
    }),
    Chromium: whyNot(() => {
      if (!softwareGpuRuns()) fail("the packed one is built for Linux x64 with glibc");
      const { chromium, chromiumEnv } = softwareGpu();
      run(chromium, ["--version"], { ...process.env, ...chromiumEnv });
    }),
  };
  const f16 = features.includes("shader-f16") ? undefined : "the adapter lacks it";
  provide("absent", { ...absent, "shader-f16": absent.Dawn ?? f16 });
}
