/** Every kernel in a browser: WASM gives Node's bits, WebGPU stays within the bounds. */

import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { nodePlatform } from "../sdk/platform/node.js";
import { WasmDevice } from "../sdk/wasm/device.js";
import { describeChromium, isolated, type OpenPage } from "./chromium.js";
import { opCases } from "./ops.cases.js";
import type { devices, runOps } from "./page/ops.js";
import { bitsOf, runCase, useOf } from "./run-case.js";

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    loader: { ".wasm": "binary", ".wgsl": "text" },
    write: false,
  });
  return outputFiles[0].text;
}

const floats = (bits: readonly number[]) => new Float32Array(Uint32Array.from(bits).buffer);

describeChromium("kernels", (chromium) => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await chromium.open(isolated, { files: { "/ops.js": await bundle("test/page/ops.ts") } });
  });

  /** A module worker runs them: threads need one, and the rest works there as in a window. */
  const run = (name: keyof typeof devices) =>
    open.inWorker(async ({ load }, name) => (await load<{ runOps: typeof runOps }>("/ops.js")).runOps(name), name);

  describe.each(["wasm", "wasm, 2 threads", "webgpu", "webgpu, kernels for software adapters"] as const)(
    "%s",
    (name) => {
      let outputs: (number[] | string)[] = [];
      beforeAll(async () => {
        outputs = await run(name);
      }, 300_000);

      it.each(opCases.map((c, i) => ({ name: c.name, c, i })))("$name", async ({ c, i }) => {
        const bits = outputs[i];
        if (typeof bits === "string") throw new Error(bits);
        expect(useOf(c, floats(bits))).toBeLessThanOrEqual(1);
        if (!name.startsWith("wasm")) return;
        const device = new WasmDevice(nodePlatform, 1);
        expect(bits).toEqual(Array.from(bitsOf(await runCase(device, c))));
        device.destroy();
      });
    },
  );
});
