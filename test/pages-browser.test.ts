/** README's and the guide's web pages, in a browser. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeChromium } from "./chromium.js";
import { codeBlocks } from "./pages.js";

describeChromium("pages of README and the guide", (chromium) => {
  const shown: Readonly<Record<string, string>> = {
    "README.md, html 1": "untrained model, similarity -0.249",
    "sdk/guide/browser.md, html 1": "wasm: 1,192",
  };
  const blocks = codeBlocks("html");

  it.each(blocks.map(({ name, code }) => [name, code] as const))("%s runs as it stands", async (name, code) => {
    // the package of a CDN is that of this folder
    const html = code.replaceAll(
      /https:\/\/cdn\.jsdelivr\.net\/npm\/maskfeat-wgpu@[\d.]+/g,
      "/node_modules/maskfeat-wgpu",
    );
    const packed = ["dist/browser.min.js", "sdk/demo/samples/wood-oak.jpg", "sdk/demo/samples/flower-blue.webp"];
    const files = {
      "/page.html": html,
      "/bird.jpg": readFileSync("sdk/demo/samples/wood-oak.jpg"),
      ...Object.fromEntries(packed.map((path) => [`/node_modules/maskfeat-wgpu/${path}`, readFileSync(path)])),
    };
    const { page, origin, foreign } = await chromium.open({}, { files });
    await page.goto(`${origin}/page.html`);
    await expect.poll(() => page.textContent("body"), { timeout: 30_000 }).toContain(shown[name]);
    expect(foreign).toEqual([]);
  });

  it("are all known", () => {
    expect(blocks.map(({ name }) => name)).toEqual(Object.keys(shown));
  });
});
