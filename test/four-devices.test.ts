/** The sample images on all four devices, from file to features: Node and Chromium, WASM and WebGPU. */

import "./relaxed.js";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { getModel } from "../sdk/entries/node.js";
import { describeChromium, type OpenPage } from "./chromium.js";
import { tiny } from "./tiny.js";

const folder = "sdk/demo/samples";
const names = readdirSync(folder).sort();
const config = { ...tiny, resizeEdge: 64 };

/** The pooled features of all samples, in Node. */
async function inNode(device: "wasm" | "webgpu"): Promise<number[]> {
  using model = await getModel(config, { weights: "procedural", device, selfTest: "off" });
  const paths = names.map((name) => join(folder, name));
  const [feat] = await model.extractFeat(paths, { outType: "avg_featmap" });
  return [...feat.data];
}

describeChromium("the four devices", (chromium) => {
  let open: OpenPage;
  let wasm: number[];
  beforeAll(async () => {
    open = await chromium.open();
    wasm = await inNode("wasm");
  });

  const inChromium = (device: "wasm" | "webgpu", where: "inPage" | "inWorker") =>
    open[where](
      async ({ maskfeat }, { config, device, urls }) => {
        const model = await maskfeat.getModel(config, { weights: "procedural", device, selfTest: "off" });
        const blobs = await Promise.all(urls.map(async (url) => (await fetch(url)).blob()));
        const [feat] = await model.extractFeat(blobs, { outType: "avg_featmap" });
        model.dispose();
        return [...feat.data];
      },
      { config, device, urls: names.map((name) => `${open.origin}/${folder}/${name}`) },
    );

  /** Each device is within 1e-5 of float64 (test/model.test.ts). */
  const expectClose = (feat: readonly number[]) => {
    expect(feat.length).toBe(names.length * tiny.embedDims);
    expect(feat.reduce((worst, v, i) => Math.max(worst, Math.abs(v - wasm[i])), 0)).toBeLessThan(2e-5);
  };

  it("Node, WebGPU", async () => {
    expect(Math.max(...wasm)).toBeGreaterThan(0.5);
    expectClose(await inNode("webgpu"));
  });

  it.each(["inPage", "inWorker"] as const)("Chromium, WASM, %s: the very numbers of Node", async (where) => {
    expect(await inChromium("wasm", where)).toEqual(wasm);
  });

  it.each(["inPage", "inWorker"] as const)("Chromium, WebGPU, %s", async (where) => {
    expectClose(await inChromium("webgpu", where));
  });
});
