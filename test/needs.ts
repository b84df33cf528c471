/** Tests that need a device: where it is absent they are skipped under its name, but fail in continuous integration on Linux x64. */

import { describe, inject, it } from "vitest";

/** What a machine may lack. Dawn is WebGPU in Node. */
export type Device = "WASM" | "Dawn" | "Chromium" | "Deno" | "shader-f16" | "subgroup matrices of f16";

/** Device -> why it cannot be used here, undefined if it can. test/software.setup.ts finds out, once a run. */
export type Absent = Readonly<Partial<Record<Device, string | undefined>>>;

declare module "vitest" {
  interface ProvidedContext {
    absent: Absent;
  }
}

/** Continuous integration on Linux x64 must have these: the packages of `npm ci` bring them. */
const INSTALLED: readonly Device[] = ["WASM", "Dawn", "Chromium"];

/** Whether the absence of `device` is a failure: in continuous integration, and for f16 under `npm run f16`. */
function mustBeHere(device: Device): boolean {
  if (device === "shader-f16") return process.env.MASKFEAT_F16 === "required";
  const isLinux = process.platform === "linux" && process.arch === "x64";
  return process.env.CI === "true" && isLinux && INSTALLED.includes(device);
}

/** `describe` for tests that need `device`. `why`: why it cannot be used here, if it cannot. */
export function describeOn(device: Device, name: string, tests: () => void, why = inject("absent")[device]): void {
  if (why === undefined) describe(name, tests);
  else if (!mustBeHere(device)) describe.skip(`${name} (needs ${device}: ${why})`, tests);
  else
    describe(name, () => {
      it(`has ${device}`, () => {
        throw new Error(`${device} must be here: ${why}`);
      });
    });
}
