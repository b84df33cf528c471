/** Every kernel in a browser: WASM gives the bits of Node, which kernels.test.ts holds to float64; WebGPU stays within the bounds. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodePlatform } from "../sdk/platform/node.js";
import { WasmDevice } from "../sdk/wasm/device.js";
import { bundle } from "./bundle.js";
import { describeChromium, isolated, type OpenPage } from "./chromium.js";
import { opCases } from "./ops.cases.js";
import { isForGpu, useOf } from "./ops.expected.js";
import { runCase } from "./ops.run.js";
import type { Ran, runOps } from "./page/ops.js";

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);

const everywhere = opCases.map((c, place) => ({ name: c.name, c, place }));
const onGpu = everywhere.filter(({ c }) => isForGpu(c));

describeChromium("kernels", (chromium) => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await chromium.open(isolated, { files: { "/ops.js": await bundle("test/page/ops.ts") } });
  });

  describe.each([
    ["wasm", everywhere],
    ["wasm, 2 threads", everywhere],
    ["webgpu", onGpu],
  ] as const)("%s", (name, cases) => {
    const ran = new Map<number, Ran>();
    let inNode: WasmDevice;
    beforeAll(async () => {
      inNode = new WasmDevice(nodePlatform, 1);
      const places = cases.map(({ place }) => place);
      // in a worker, where threads are allowed; the rest works there as in a window
      const found = await open.inWorker(
        async ({ load }, { name, places }) => {
          const ops = await load<{ runOps: typeof runOps }>("/ops.js");
          return ops.runOps(name, places);
        },
        { name, places },
      );
      for (const [i, place] of places.entries()) ran.set(place, found[i]);
    }, 600_000);
    afterAll(() => inNode.destroy());

    it.each(cases)("$name", async ({ c, place }) => {
      const { output, error } = ran.get(place)!;
      expect(error).toBeUndefined();
      const bytes = Buffer.from(output!, "base64");
      if (name === "webgpu") expect(useOf(c, new Float32Array(new Uint8Array(bytes).buffer))).toBeLessThanOrEqual(1);
      else expect(bytes.equals(bytesOf(await runCase(inNode, c)))).toBe(true);
    });
  });
});
