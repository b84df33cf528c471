import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeChromium } from "./chromium.js";
import { json, program, samples, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();

/** The samples' names, in order. */
const NAMES = [
  "city-day.png",
  "city-night.jpg",
  "flower-blue.webp",
  "flower-red-alpha.png",
  "sand-gray.jpg",
  "sky-dusk-progressive.jpg",
  "sky-noon-p3.jpg",
  "wood-oak.jpg",
  "wood-walnut-exif6.jpg",
];

const text = (page: Page, selector: string) => page.locator(selector).innerText();

/** Waits until the page says something. */
async function until(page: Page, said: RegExp): Promise<void> {
  await page.getByRole("status").filter({ hasText: said }).first().waitFor({ timeout: 30_000 });
}

/** Waits until the page says something, however shortly it stands there. */
function heard(page: Page, said: RegExp): Promise<void> {
  return page.evaluate((source) => {
    const status = document.querySelector("#status")!;
    return new Promise<void>((done) => {
      new MutationObserver(() => {
        if (new RegExp(source).test(status.textContent ?? "")) done();
      }).observe(status, { childList: true });
    });
  }, said.source);
}

/** What is wrong with each picture of the page: those that are blank. */
function blankPictures(page: Page): Promise<string[]> {
  return page.locator(".card canvas").evaluateAll((canvases) =>
    (canvases as HTMLCanvasElement[]).flatMap((canvas) => {
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      const values = new Set(data.filter((_, i) => i % 4 < 3));
      return canvas.width > 100 && values.size > 8 ? [] : [canvas.getAttribute("aria-label") ?? "no label"];
    }),
  );
}

/** The numbers of a map, row by row, "itself" on the diagonal. */
function numbersOf(page: Page, map: string): Promise<string[][]> {
  return page.locator(`table[aria-label="${map}"] tbody tr`).evaluateAll((rows) => {
    return rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.title || "itself"));
  });
}

/** Whoever has the focus: "tag#id" or "tag: name". */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const { value = "", type } = element as HTMLInputElement;
    const name = element.id || (type === "radio" ? value : element.getAttribute("aria-label") || element.textContent);
    return `${element.tagName.toLowerCase()} ${name}`;
  });
}

/** Whether the focus is seen: an outline on the element, or on what stands for it. */
function focusIsSeen(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const element = document.activeElement!;
    const shown = [element, element.nextElementSibling].filter((e) => e !== null);
    return shown.some((e) => getComputedStyle(e).outlineStyle === "solid") || element.matches(".skip");
  });
}

describeChromium("the demo's page", (chromium) => {
  let server: ChildProcess;
  let url = "";
  const wrong: string[] = [];
  const contexts: BrowserContext[] = [];

  /** A page whose complaints and requests to others are kept. */
  async function open(query = "?device=wasm", before?: (page: Page) => Promise<void>, ready = /ready/): Promise<Page> {
    const context = await chromium.context({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
    contexts.push(context);
    const own = [url, `blob:${url}`, "data:"];
    context.on("request", (request) => {
      if (!own.some((start) => request.url().startsWith(start))) wrong.push(`request: ${request.url()}`);
    });
    const page = await context.newPage();
    page.on("console", (message) => wrong.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    await before?.(page);
    await page.goto(url + query);
    await until(page, ready);
    return page;
  }

  beforeAll(async () => {
    server = spawn(process.execPath, [program, "demo", "--web", "--json", "--quiet"], { cwd: folder });
    const [line] = await once(server.stdout!, "data");
    url = JSON.parse(String(line)).url;
  });

  afterAll(async () => {
    for (const context of contexts) await context.close();
    server.kill("SIGKILL");
  });

  describe("with the samples", () => {
    let page: Page;

    beforeAll(async () => {
      page = await open();
      await page.getByRole("button", { name: "Use the samples" }).click();
      await until(page, /^9 images are done/);
    });

    it("tells which device computes, that it was tested, and that the model is untrained", async () => {
      const facts = await text(page, "#facts");
      expect(facts).toMatch(/WebAssembly\s+\d+ threads? · kernels relaxed · asked for/);
      expect(facts).toMatch(/Self-test\s+passed\s+\d+ cases/);
      expect(facts).toMatch(/Time per image\s+\d+ ms/);
      expect(await text(page, "#untrained")).toContain("This model is untrained.");
    });

    it("shows each image, its HOG picture and its mask", async () => {
      expect(await page.locator(".card h3").allInnerTexts()).toEqual(NAMES);
      expect(await page.locator(".card canvas").count()).toBe(27);
      expect(await blankPictures(page)).toEqual([]);
      expect(await text(page, "#image-1 header p")).toMatch(
        /^320 × 214 px · embedding \[1, 192\] · length \d+\.\d{3} · \d+ ms$/,
      );
      expect(await page.locator("#image-0 canvas").nth(2).getAttribute("aria-label")).toBe(
        "city-day.png with 78 of 196 patches covered",
      );
    });

    it("finds the similarities that the command line finds in Node", async () => {
      const node = await json(["demo", "--device", "wasm", "--quiet"], folder);
      const expected = node.similarity.map((row: number[], i: number) =>
        row.map((value, j) => (i === j ? "itself" : value.toFixed(4))),
      );
      expect(await numbersOf(page, "By embedding")).toEqual(expected);
      const [row] = node.similarity;
      const best = Math.max(...row.slice(1));
      const first = page.locator("#image-0 .neighbours li").first();
      expect(await first.innerText()).toMatch(new RegExp(`${NAMES[row.indexOf(best)]}\\s+${best.toFixed(3)}`));
    });

    it("draws another mask on demand", async () => {
      const card = page.locator("#image-2");
      const mask = () =>
        card
          .locator("canvas")
          .nth(2)
          .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
      const before = await mask();
      expect(await text(page, "#image-2 .again span")).toBe("mask of seed 2");
      await card.getByRole("button", { name: "New mask for flower-blue.webp" }).click();
      await card.getByText("mask of seed 3").waitFor();
      expect(await mask()).not.toBe(before);
    });

    it.each([
      [360, "light"],
      [360, "dark"],
      [1440, "light"],
      [1440, "dark"],
    ] as const)("fits %d pixels in the %s scheme", async (width, colorScheme) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const found = await page.evaluate(() => {
        const beyond = [...document.querySelectorAll("body *")].filter((e) => {
          return !e.closest(".scroll, .sr, .skip") && e.getBoundingClientRect().right > innerWidth + 0.5;
        });
        const luminance = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number)[0];
        return {
          page: document.documentElement.scrollWidth,
          beyond: beyond.map((e) => `${e.tagName}.${e.className}`),
          scheme: luminance > 127 ? "light" : "dark",
        };
      });
      expect(found).toEqual({ page: width, beyond: [], scheme: colorScheme });
    });

    it("is walked through by keyboard alone, and every focus is seen", async () => {
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.locator(".skip").focus();
      const reached: string[] = [];
      const unseen: string[] = [];
      for (let name = await focused(page); !name.startsWith("body"); name = await focused(page)) {
        reached.push(name);
        if (!(await focusIsSeen(page))) unseen.push(name);
        if (reached.length > 300) throw new Error(`the focus never leaves the page: ${reached.slice(-3)}`);
        await page.keyboard.press("Tab");
      }
      expect(unseen).toEqual([]);
      expect(reached.slice(0, 7)).toEqual([
        "a Skip to adding images",
        "input wasm",
        "input files",
        "button samples",
        "button clear",
        "div Map: By embedding",
        "a city-day.png",
      ]);
      for (const name of NAMES) {
        expect(reached).toContain(`button Remove ${name}`);
        expect(reached).toContain(`button New mask for ${name}`);
      }
    });

    it("removes an image, and keeps the focus in the list", async () => {
      await page.getByRole("button", { name: "Remove city-day.png" }).press("Enter");
      expect(await page.locator(".card").count()).toBe(8);
      expect(await focused(page)).toBe("button Remove city-night.jpg");
      expect(await numbersOf(page, "By HOG features")).toHaveLength(8);
    });
  });

  it("names a broken file and a file that is no image, and does the rest", async () => {
    const cut = readFileSync(join(samples, "city-night.jpg")).subarray(0, 3000);
    const files = [
      { name: "cut.jpg", mimeType: "image/jpeg", buffer: cut },
      { name: "<img src=x onerror=alert(1)>.png", mimeType: "image/png", buffer: Buffer.from("words") },
      { name: "whole & <b>.png", mimeType: "image/png", buffer: readFileSync(join(samples, NAMES[0])) },
    ];
    // listened for before the page opens: from when on the browser holds its chooser back is not said
    const page = await open("?device=wasm", async (p) => {
      p.on("filechooser", (chooser) => chooser.setFiles(files));
    });
    await page.locator("#files").press("Enter");
    await until(page, /^1 image is done/);
    const problems = await page.locator("#problem-list li").allInnerTexts();
    expect(problems).toEqual([
      expect.stringMatching(/^cut\.jpg: .+ \(IMG_CORRUPT\)\.$/),
      expect.stringMatching(/^<img src=x onerror=alert\(1\)>\.png: .+ \(IMG_FORMAT\)\.$/),
    ]);
    expect(await page.locator(".card h3").allInnerTexts()).toEqual(["whole & <b>.png"]);
    expect(await page.locator("#maps table").count()).toBe(0);
    await page.getByRole("button", { name: "Remove all" }).click();
    expect(await page.locator(".card").count()).toBe(0);
    expect(await page.locator("#problems").isVisible()).toBe(false);
  });

  it("computes anew on another device, also while it computes", async () => {
    const page = await open();
    const second = heard(page, /^Computing .*, 2 of 9/);
    await page.getByRole("button", { name: "Use the samples" }).click();
    await second;
    await page.locator("input[value=wasm]").press("ArrowLeft");
    expect(await page.locator("input[value=webgpu]").isChecked()).toBe(true);
    await page.locator("input[value=webgpu]").press("ArrowLeft");
    await until(page, /^9 images are done/);
    expect(await text(page, "#facts")).toMatch(/software adapter/);
    expect(await blankPictures(page)).toEqual([]);
    expect(await text(page, "#problem-list")).toBe("");
  });

  it("takes dropped files", async () => {
    const page = await open();
    const bytes = readFileSync(join(samples, "wood-oak.jpg")).toString("base64");
    await page.evaluate((base64) => {
      const dataTransfer = new DataTransfer();
      const data = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      dataTransfer.items.add(new File([data], "dropped.jpg", { type: "image/jpeg" }));
      document
        .querySelector("#drop")
        ?.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
    }, bytes);
    await until(page, /^1 image is done/);
    expect(await page.locator(".card h3").allInnerTexts()).toEqual(["dropped.jpg"]);
  });

  it("computes in the window where no worker starts, and says so", async () => {
    let asked = 0;
    const page = await open("?device=wasm", async (p) => {
      await p.route("**/work.js", (route) => (asked++ === 0 ? route.fulfill({ status: 503 }) : route.continue()));
    });
    // the browser reports the answer that this test made up
    wrong.splice(0, wrong.length, ...wrong.filter((line) => !line.includes("503")));
    expect(await text(page, "#facts")).toContain("in this window, because no worker starts");
    await page.locator("#files").setInputFiles(join(samples, NAMES[1]));
    await until(page, /^1 image is done/);
    expect(await blankPictures(page)).toEqual([]);
  });

  it("keeps the images when the device fails, and takes another one", async () => {
    // a worker that says what a browser without WebGPU, and then a device that breaks, would say
    const worker = `
      const device = { kind: "wasm", adapter: null, isFallback: false, reason: "a test", threads: 1, variant: "none", selfTest: null };
      onmessage = ({ data: { id, name, argument } }) => {
        if (name === "load" && argument === "auto")
          postMessage({ id, result: { name: "a model", weights: "w", trained: true, device, runtime: "r" } });
        else postMessage({ id, failure: { code: name === "load" ? "DEVICE_ABSENT" : "DEVICE_FAILED", message: "no " + name } });
      };
      postMessage("started");`;
    const contentType = "text/javascript";
    const headers = { "Cross-Origin-Embedder-Policy": "require-corp" };
    const page = await open(
      "?device=webgpu",
      (p) => p.route("**/work.js", (route) => route.fulfill({ body: worker, contentType, headers })).then(() => {}),
      /No device is open/,
    );
    expect(await text(page, "#device-problem")).toBe("no load (DEVICE_ABSENT). Choose a device above.");
    await page.locator("#files").setInputFiles(join(samples, NAMES[0]));
    await page.locator("input[value=auto]").check({ force: true });
    await page.getByText("no embed (DEVICE_FAILED). Choose a device above.").waitFor();
    expect(await page.locator(".card.waiting h3").allInnerTexts()).toEqual([NAMES[0]]);
    expect([await page.locator("#problems").isVisible(), await page.locator("#untrained").isVisible()]).toEqual([
      false,
      false,
    ]);
  });

  // last, for all of the pages above
  it("complained about nothing, and asked nobody but its server", () => {
    expect(wrong).toEqual([]);
  });
});
