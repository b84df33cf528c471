// Contenders in the headless Chromium of the dev dependencies, each in a module worker of one cross-origin isolated page.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, relative } from "node:path";
import { chromium } from "playwright-core";
import { softwareGpu } from "../software.mjs";
import { root } from "./inside.mjs";

const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const TYPES = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

/** `ask(number, question)` in the page: the answer of the worker with that number, which is started where it is new. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><script>
  const workers = new Map();
  function ask(number, question) {
    if (!workers.has(number)) workers.set(number, new Worker("/scripts/bench/worker.js", { type: "module" }));
    const worker = workers.get(number);
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => resolve({ error: event.message || "its worker does not start" });
      worker.postMessage(question);
    });
  }
  function end(number) {
    workers.get(number).terminate();
    workers.delete(number);
  }
</script>`;

async function serve() {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://127.0.0.1").pathname);
    try {
      const body = path === "/" ? PAGE : await readFile(join(root, normalize(path)));
      response.writeHead(200, { "Content-Type": TYPES[path === "/" ? ".html" : extname(path)] ?? "", ...HEADERS });
      response.end(body);
    } catch {
      response.writeHead(404, HEADERS).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

/** As `nodeHost` of process.mjs; `url` gives the address of a file. */
export async function chromiumHost() {
  const { chromium: executablePath, chromiumEnv, chromiumArgs } = softwareGpu();
  // without it the GPU's clock is rounded to 0.1 ms
  const args = [...chromiumArgs, "--enable-webgpu-developer-features"];
  const browser = await chromium.launch({ executablePath, env: { ...process.env, ...chromiumEnv }, args });
  const server = await serve();
  const origin = `http://127.0.0.1:${server.address().port}`;
  const page = await browser.newPage();
  await page.goto(origin);
  const url = (path) => `/${relative(root, path)}`;
  let count = 0;
  return {
    kind: "browser",
    runtime: `Chromium ${browser.version()}`,
    entry: "/dist/browser.js",
    url,
    path: url,
    async start(module, spec) {
      const number = count++;
      const call = async (method, ...args) => {
        const question = { id: 0, method, args };
        const { result, error } = await page.evaluate(([n, q]) => globalThis.ask(n, q), [number, question]);
        if (error !== undefined) throw new Error(error);
        return result;
      };
      const close = () => page.evaluate((n) => globalThis.end(n), number);
      try {
        await call("open", new URL(module, `${origin}/scripts/bench/contenders/`).href, spec);
      } catch (error) {
        await close();
        throw error;
      }
      return { call, close };
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
