// Who runs contenders: this Node, each in a process of its own, or headless Chromium, each in a worker of one cross-origin isolated page.
// Each stays loaded, and none sees the flags, the threads or the memory of another.

import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { softwareGpu } from "../software.mjs";
import { root } from "./inside.mjs";

const contenders = new URL("contenders/", import.meta.url);
const child = join(import.meta.dirname, "child.mjs");

/**
 * Opens a contender in what answers `ask({ method, args })` with `{ result }` or `{ error }`. Gives `call(method, ...args)`, `run()` and
 * `close()`.
 */
async function opened({ ask, close }, module, spec) {
  const call = async (method, ...args) => {
    const { result, error } = await ask({ method, args });
    if (error !== undefined) throw new Error(error);
    return result;
  };
  try {
    await call("open", module, spec);
  } catch (error) {
    await close();
    throw error;
  }
  return { call, run: () => call("run"), close };
}

/**
 * `start(module, spec)` opens a contender: a module in contenders/, or one at a URL. `entry` is the package's address, `url` and `path` give
 * the address of a file for `import` and for everything else.
 */
export function nodeHost() {
  return {
    kind: "node",
    entry: pathToFileURL(join(root, "dist/node.js")).href,
    url: (path) => pathToFileURL(path).href,
    path: (path) => path,
    start(module, spec, { execArgv = [] } = {}) {
      const worker = fork(child, { execArgv, serialization: "advanced" });
      const ended = once(worker, "exit").then(([code, signal]) => ({ error: `its process ended (${signal ?? code})` }));
      const ask = async (question) => {
        worker.send(question);
        return Promise.race([once(worker, "message").then(([answer]) => answer), ended]);
      };
      return opened({ ask, close: () => worker.kill() }, new URL(module, contenders).href, spec);
    },
    async close() {},
  };
}

/** `ask(number, question)` in the page: the answer of the worker with that number, which is started where it is new. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><script>
  const workers = new Map();
  function ask(number, question) {
    if (!workers.has(number)) workers.set(number, new Worker("/scripts/bench/child.mjs", { type: "module" }));
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
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const SCRIPT = "text/javascript";
const TYPES = { ".js": SCRIPT, ".mjs": SCRIPT, ".wasm": "application/wasm", "": "text/html" };

async function serve() {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://127.0.0.1").pathname);
    try {
      const body = path === "/" ? PAGE : await readFile(join(root, normalize(path)));
      response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "", ...HEADERS }).end(body);
    } catch {
      response.writeHead(404, HEADERS).end();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

/** As `nodeHost`, in the Chromium of the dev dependencies. */
export async function chromiumHost() {
  const { chromium } = await import("playwright-core");
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
    entry: "/dist/browser.min.js",
    url,
    path: url,
    start(module, spec) {
      const number = count++;
      const ask = (question) => page.evaluate(([n, q]) => globalThis.ask(n, q), [number, question]);
      const close = () => page.evaluate((n) => globalThis.end(n), number);
      return opened({ ask, close }, new URL(module, `${origin}/scripts/bench/contenders/`).href, spec);
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
