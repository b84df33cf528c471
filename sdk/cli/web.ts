/** `demo --web`: the demo as a page in the browser, served until the user interrupts. */

import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { readBytes, walkFiles } from "../platform/node-files.js";
import type { Context, Result } from "./output.js";
import { type Page, serve } from "./serve.js";

/** The page's own files and the samples lie in the package; this file is built to `dist/`. */
const pageFolder = fileURLToPath(new URL("demo", import.meta.url));
export const samplesFolder = fileURLToPath(new URL("../sdk/demo/samples", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".json": "application/json",
};

/** By the file's extension; undefined for others than pages have. */
export const mediaType = (path: string): string | undefined => types[extname(path)];

export interface WebFlags {
  readonly port?: number;
  readonly device?: string;
}

/** Serves the page. `device` is what the page begins with. */
export async function webWork(context: Context, { port = 0, device }: WebFlags): Promise<Result> {
  const serving = await serve(await pages(), port);
  const url = device === undefined ? serving.url : `${serving.url}?device=${device}`;
  context.output.note("the page is served to this machine alone; Ctrl-C ends it");
  const { signal } = context;
  const interrupted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return { fields: { url, port: serving.port }, lines: [url], until: interrupted.then(serving.close) };
}

async function pages(): Promise<Map<string, Page>> {
  const samples = await walkFiles(samplesFolder);
  const names = samples.map((path) => basename(path));
  const files = [
    ...(await walkFiles(pageFolder)).map((path) => ["/", path]),
    ...samples.map((path) => ["/samples/", path]),
  ];
  const table = new Map<string, Page>();
  for (const [folder, path] of files) {
    const type = mediaType(path);
    if (type) table.set(folder + basename(path), { type, body: await readBytes(path) });
  }
  table.set("/", table.get("/index.html")!);
  table.set("/samples.json", { type: "application/json", body: JSON.stringify(names) });
  return table;
}
