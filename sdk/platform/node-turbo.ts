/** Turbo: V8 makes 256-bit vectors of pairs of 128-bit ones, in kernels whose tiles are made for it (scripts/assembly.mjs). */

import { setFlagsFromString } from "node:v8";
import turbo from "../../build/turbo.wasm";
import turboThreads from "../../build/turbo-threads.wasm";
import type { Turbo } from "../device/platform.js";

/** The V8 of Node 24. The flag is known to Node 22, and does nothing there. */
const FIRST_V8 = 13;

function whyNot(): string | undefined {
  const { deno, bun, v8, node } = process.versions as NodeJS.ProcessVersions & Partial<Record<"deno" | "bun", string>>;
  if (deno || bun) return "only Node has it";
  if (process.arch !== "x64") return `only x64 processors have it, this one is ${process.arch}`;
  return Number.parseInt(v8, 10) < FIRST_V8 ? `it needs Node 24 or newer, this is ${node}` : undefined;
}

/** Whatever else the process compiles shall not notice: the switch is on while these modules compile, all of each at once. */
function compile(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString("--experimental-wasm-revectorize --no-liftoff --no-wasm-lazy-compilation");
  try {
    return new WebAssembly.Module(bytes as BufferSource);
  } finally {
    setFlagsFromString("--no-experimental-wasm-revectorize --liftoff --wasm-lazy-compilation");
  }
}

export const nodeTurbo: Turbo = {
  lacking: whyNot(),
  build: { name: "turbo", alone: turbo, together: turboThreads, compile },
};
