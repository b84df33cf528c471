import { describeOn } from "./needs.js";
/** A headless Chromium, and a server of this package on 127.0.0.1, for tests of the built package in a real browser. */

import { readFile } from "node:fs/promises";
import { createServer, type OutgoingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Worker,
} from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { softwareGpu } from "../scripts/software.mjs";
import type * as maskfeat from "../sdk/entries/browser.js";

/** What a function finds that runs in the browser (test/page/kit.js). */
export interface Kit {
  readonly maskfeat: typeof maskfeat;
  /** In hexadecimal. */
  sha256(data: ArrayBufferView): Promise<string>;
  outcome<T>(work: () => T | Promise<T>): Promise<Outcome<T>>;
  bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>>;
  /** The module at an address of the page's server. (The test runner rewrites an `import` in the function itself.) */
  load<M>(url: string): Promise<M>;
}

export interface Outcome<T = unknown> {
  readonly value?: T;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };
}

/** Runs in the browser: it sees its arguments and the browser's globals, nothing of the file it stands in. */
type InBrowser<A, R> = (kit: Kit, argument: A) => R | Promise<R>;

/** Makes a page cross-origin isolated, so that it may share memory between threads. */
export const isolated: OutgoingHttpHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
};

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/test/page/kit.js"></script>';

/** What a page's server gives beside the files of this folder: path -> content. */
type Files = Readonly<Record<string, string | Uint8Array>>;

/** Serves the files of this folder with `headers`, a page that loads the kit, and `more`. */
async function serve(headers: OutgoingHttpHeaders, more: Files): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const path = decodeURIComponent(pathname);
    try {
      const body = path === "/" ? PAGE : (more[path] ?? (await readFile(join(".", normalize(path)))));
      response.writeHead(200, {
        "Content-Type": path === "/" ? "text/html" : (TYPES[extname(path)] ?? ""),
        ...headers,
      });
      response.end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

export interface OpenPage {
  readonly page: Page;
  readonly origin: string;
  /** Runs `work` in the window. */
  inPage<A, R>(work: InBrowser<A, R>, argument: A): Promise<R>;
  /** Runs `work` in a module worker of the page, always the same one. */
  inWorker<A, R>(work: InBrowser<A, R>, argument: A): Promise<R>;
  /** Addresses that the page and its workers asked for beyond its server. */
  readonly foreign: readonly string[];
}

const callOf = <A, R>(work: InBrowser<A, R>, argument: A) =>
  `(${work})(globalThis.kit, ${JSON.stringify(argument) ?? "undefined"})`;

async function startWorker(page: Page): Promise<Worker> {
  const [worker] = await Promise.all([
    page.waitForEvent("worker"),
    page.evaluate(`new Promise((loaded, failed) => {
      globalThis.worker = new Worker("/test/page/kit.js", { type: "module" });
      worker.onmessage = loaded;
      worker.onerror = failed;
    }).then(() => undefined)`),
  ]);
  return worker;
}

/** One browser for the tests of a file. */
export class Chromium {
  private browser?: Browser;
  private readonly servers: Server[] = [];

  async start(): Promise<void> {
    const { chromium: executablePath, chromiumEnv, chromiumArgs: args } = softwareGpu();
    this.browser = await chromium.launch({ executablePath, env: { ...process.env, ...chromiumEnv }, args });
  }

  async stop(): Promise<void> {
    await this.browser?.close();
    for (const server of this.servers) server.close();
  }

  /** Pages with their own storage, and no server. */
  context(options?: BrowserContextOptions): Promise<BrowserContext> {
    return this.browser!.newContext(options);
  }

  /** Opens a page with its own storage and server. `before` runs in the page ahead of its scripts. */
  async open(
    headers: OutgoingHttpHeaders = {},
    { files = {}, before }: { files?: Files; before?: () => void } = {},
  ): Promise<OpenPage> {
    const server = await serve(headers, files);
    this.servers.push(server);
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const context = await this.context();
    const foreign: string[] = [];
    context.on("request", (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith(`blob:${origin}`)) foreign.push(request.url());
    });
    const page = await context.newPage();
    if (before) await page.addInitScript(before);
    await page.goto(origin, { waitUntil: "load" });
    let worker: Promise<Worker> | undefined;
    return {
      page,
      origin,
      foreign,
      inPage: (work, argument) => page.evaluate(callOf(work, argument)),
      async inWorker(work, argument) {
        worker ??= startWorker(page);
        return (await worker).evaluate(callOf(work, argument));
      },
    };
  }
}

/** Tests in Chromium. */
export function describeChromium(name: string, tests: (chromium: Chromium) => void): void {
  describeOn("Chromium", `Chromium: ${name}`, () => {
    const chromium = new Chromium();
    beforeAll(() => chromium.start());
    afterAll(() => chromium.stop());
    tests(chromium);
  });
}
