/** Pages as people see them: on a phone and on a desk, light and dark, and whether they complain. */

import type { BrowserContext, Page } from "playwright-core";
import { afterAll } from "vitest";
import type { Chromium } from "./chromium.js";

/** Widths and colour schemes. */
export const sights = [
  [390, "light"],
  [390, "dark"],
  [1440, "light"],
  [1440, "dark"],
] as const;

/** What goes beyond the window, and the scheme that the page is seen in. */
export function layout(page: Page) {
  return page.evaluate(() => {
    const beyond = [...document.querySelectorAll("body *")].filter((e) => {
      return !e.closest(".scroll, .sr, .skip, thead") && e.getBoundingClientRect().right > innerWidth + 0.5;
    });
    const luminance = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number)[0];
    return {
      page: document.documentElement.scrollWidth,
      beyond: beyond.map((e) => `${e.tagName}.${e.className}`),
      scheme: luminance > 127 ? "light" : "dark",
    };
  });
}

/** Opens pages whose complaints, and whose requests to other servers, are kept in `wrong`; closes them after the tests. */
export function watched(chromium: Chromium) {
  const wrong: string[] = [];
  const contexts: BrowserContext[] = [];
  afterAll(async () => {
    for (const context of contexts) await context.close();
  });
  /** A page below the address `own`, whose complaints and requests to other servers are kept. */
  async function open(own: string, path: string, before?: (page: Page) => Promise<unknown>): Promise<Page> {
    const context = await chromium.context({
      viewport: { width: 1440, height: 900 },
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    contexts.push(context);
    context.on("request", (request) => {
      if (!request.url().startsWith(new URL(own).origin) && !/^(data|blob):/.test(request.url()))
        wrong.push(`request: ${request.url()}`);
    });
    const page = await context.newPage();
    page.on("console", (message) => wrong.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    await before?.(page);
    await page.goto(own + path);
    return page;
  }
  return { open, wrong };
}
