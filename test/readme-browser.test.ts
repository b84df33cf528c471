/** README's page, in a browser. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeChromium } from "./chromium.js";
import { readmeBlocks } from "./helpers.js";

describeChromium("README's page", (chromium) => {
  const pages = readmeBlocks("html");

  it.each(pages.map((html, i) => [i + 1, html] as const))("%i runs as it stands", async (_, html) => {
    const files = {
      "/readme.html": html,
      "/node_modules/maskfeat-wgpu/dist/browser.js": readFileSync("dist/browser.js"),
      "/bird.jpg": readFileSync("sdk/demo/samples/wood-oak.jpg"),
    };
    const { page, origin, foreign } = await chromium.open({}, { files });
    await page.goto(`${origin}/readme.html`);
    await expect.poll(() => page.textContent("body"), { timeout: 30_000 }).toContain("wasm: 1,192");
    expect(foreign).toEqual([]);
  });

  it("is there", () => {
    expect(pages.length).toBe(1);
  });
});
