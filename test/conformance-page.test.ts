import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { htmlReport } from "../conformance/views/html.js";
import { markdown } from "../conformance/views/markdown.js";
import { describeChromium } from "./chromium.js";
import { madeUpReport } from "./reports.js";
import { layout, sights, watched } from "./sights.js";

describeChromium("the page that runs the conformance suite", (chromium) => {
  const report = madeUpReport(300);
  const { open, wrong } = watched(chromium);
  let server = "";

  /** A worker with this in place of the suite. */
  const stub = (body: string) => async (page: Page) => {
    await page.route("**/work.js", (route) => route.fulfill({ body, contentType: "text/javascript" }));
  };
  const results = JSON.stringify(report.cases.map(({ id, status, use }) => ({ id, status, use })));
  const running = `onmessage = async ({ data }) => {
    const cases = ${results};
    for (const [i, one] of cases.entries()) {
      postMessage({ kind: "progress", ...one, done: i + 1, total: cases.length });
      if (i % 20 === 0) await new Promise((done) => setTimeout(done, 1));
      if (i === 41 && data.scope === "full") return;
    }
    postMessage({ kind: "done", report: { ...${JSON.stringify(report)}, scope: data.scope, runtime: JSON.stringify(data) } });
  };`;
  const failing = `onmessage = () => postMessage({ kind: "failed",
    failure: { name: "DeviceError", code: "DEVICE_ABSENT", message: "device webgpu: <b>no</b> WebGPU here" } });`;

  /** The page with `worker` in place of the suite, and what it posted to /result so far. */
  async function openPosting(query: string, worker: string) {
    let body = "";
    const page = await open(server, `index.html${query}`, async (p) => {
      await stub(worker)(p);
      await p.route(
        (url) => url.pathname === "/result",
        (route) => {
          body = route.request().postData() ?? "";
          return route.fulfill({ status: 204 });
        },
      );
    });
    return { page, posted: () => body };
  }

  const status = (page: Page, said: RegExp) => page.locator("#status").filter({ hasText: said }).waitFor();

  beforeAll(async () => {
    // the policy of the command line's server
    const { origin } = await chromium.open({
      "Content-Security-Policy":
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'self' blob:",
    });
    server = `${origin}/dist/conformance/`;
  });

  it("runs what is chosen, shows the report and gives it away", async () => {
    const page = await open(server, "index.html", stub(running));
    for (const [width, colorScheme] of sights) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      expect(await layout(page)).toEqual({ page: width, beyond: [], scheme: colorScheme });
    }
    await page.locator("input[value=wasm]").check();
    await page.getByRole("button", { name: "Run the suite" }).click();
    await status(page, /^Done: All 300 cases pass\.$/);
    expect(await page.title()).toBe("Passed: conformance");
    expect(await page.locator("#report .strip a").count()).toBe(300);
    expect(await page.locator("#device ~ dl").innerText()).toContain(
      JSON.stringify({ device: "wasm", scope: "quick", dtype: "f32" }),
    );
    for (const [width, colorScheme] of sights) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      expect(await layout(page)).toEqual({ page: width, beyond: [], scheme: colorScheme });
    }
    const shown = { ...report, runtime: '{"device":"wasm","scope":"quick","dtype":"f32"}' };
    const take = async (name: string) => {
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
      return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
    };
    const json = await take("Download JSON");
    expect(json.name).toBe("conformance-quick-webgpu-f32-2026-01-02.json");
    expect(JSON.parse(json.text)).toEqual(shown);
    expect((await take("Download HTML report")).text).toBe(htmlReport(shown));
    await page.getByRole("button", { name: "Copy Markdown" }).click();
    await page.getByText("The Markdown is in the clipboard.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(markdown(shown));
  });

  it("takes its choices from the address, starts, and posts the report to its server", async () => {
    const query = "?device=webgpu&level=exhaustive&dtype=f16&cases=C2/*&start&post=/result";
    const { page, posted } = await openPosting(query, running);
    await status(page, /^Done/);
    await expect.poll(posted).toMatch(/^\{.*\}$/s);
    const { scope, runtime } = JSON.parse(posted());
    expect([scope, JSON.parse(runtime)]).toEqual([
      "exhaustive",
      { device: "webgpu", scope: "exhaustive", dtype: "f16", cases: "C2/*" },
    ]);
  });

  it("can be cancelled, and run again", async () => {
    const page = await open(server, "index.html?level=full", stub(running));
    await page.getByRole("button", { name: "Run the suite" }).click();
    await page.getByText(/^42 of 300 cases · C1/).waitFor();
    expect(await page.locator("input[value=wasm]").isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Cancel" }).click();
    await status(page, /^Cancelled after 42 of 300 cases\.$/);
    expect(await page.locator("#strip i").count()).toBe(42);
    await page.locator("input[value=quick]").check();
    await page.getByRole("button", { name: "Run again" }).click();
    await status(page, /^Done/);
  });

  it("says why there is no report, and posts that", async () => {
    const { page, posted } = await openPosting("?device=webgpu&start&post=/result", failing);
    await page.getByRole("alert").getByText("device webgpu: <b>no</b> WebGPU here (DEVICE_ABSENT).").waitFor();
    await expect.poll(posted).toMatch(/^\{.*\}$/s);
    expect(JSON.parse(posted()).error).toMatchObject({ name: "DeviceError", code: "DEVICE_ABSENT" });
    expect(await page.getByRole("button", { name: "Run again" }).isEnabled()).toBe(true);
  });

  it.each([
    ["device=gpu&start", "The page's address is wrong: device: expected auto, webgpu, wasm, got gpu."],
    ["post=https://example.org/x&start", "post: expected a path of this server, got https://example.org/x."],
  ])("starts nothing for %s", async (query, message) => {
    const page = await open(server, `index.html?${query}`, stub(running));
    await page.getByRole("alert").getByText(message).waitFor();
    expect(await page.locator("#live").isVisible()).toBe(false);
  });

  it("says so where the worker does not load", async () => {
    const page = await open(server, "index.html?start", (p) =>
      p.route("**/work.js", (route) => route.fulfill({ status: 404 })),
    );
    await page
      .getByRole("alert")
      .getByText(/^The worker of this page failed: /)
      .waitFor();
    // the browser reports the answer that this test made up
    wrong.splice(0, wrong.length, ...wrong.filter((line) => !line.includes("404")));
  });

  // last, for all of the pages above
  it("complained about nothing, and asked nobody else", () => {
    expect(wrong).toEqual([]);
  });
});
