/** `demo --web`: the demo as a page in the browser, served until the user interrupts. */

import { once } from "node:events";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { walkFiles } from "../platform/node-files.js";
import type { Context, Result } from "./output.js";
import { pagesOf, serve } from "./serve.js";

/** The page's own files and the samples lie in the package; this file is built to `dist/`. */
const pageFolder = fileURLToPath(new URL("demo", import.meta.url));
export const samplesFolder = fileURLToPath(new URL("../sdk/demo/samples", import.meta.url));

/** Serves the page. `device` is what the page begins with. */
export async function webWork(
  { output, signal }: Context,
  { port = 0, device }: { readonly port?: number; readonly device?: string },
): Promise<Result> {
  const pages = await pagesOf({ "/": pageFolder, "/samples/": samplesFolder });
  const names = (await walkFiles(samplesFolder)).map((path) => basename(path));
  pages.set("/samples.json", { type: "application/json", body: JSON.stringify(names) });
  const serving = await serve(pages, port);
  const url = device === undefined ? serving.url : `${serving.url}?device=${device}`;
  output.note("the page is served only to this machine; Ctrl-C ends it");
  const interrupted = signal.aborted ? Promise.resolve() : once(signal, "abort");
  return { fields: { url, port: serving.port }, lines: [url], until: interrupted.then(serving.close) };
}
