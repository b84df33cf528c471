/** A web server for only this machine: a fixed table of files, on the loopback address. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, relative, sep } from "node:path";
import { MaskFeatError } from "../entries/node.js";
import { readBytes, walkFiles } from "../platform/node-files.js";
import { livePolicy } from "../report/page.js";

/** What one path answers with. */
export interface Page {
  readonly type: string;
  readonly body: Uint8Array | string;
}

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

/** The files of each folder below its path, which ends in a slash; the first page is `/index.html`. */
export async function pagesOf(folders: Readonly<Record<string, string>>): Promise<Map<string, Page>> {
  const pages = new Map<string, Page>();
  for (const [at, folder] of Object.entries(folders)) {
    for (const path of await walkFiles(folder)) {
      const type = types[extname(path)] ?? "application/octet-stream";
      pages.set(at + relative(folder, path).replaceAll(sep, "/"), { type, body: await readBytes(path) });
    }
  }
  return pages.set("/", pages.get("/index.html")!);
}

/** A path whose POSTs are taken in. */
interface Inbox {
  readonly path: string;
  /** The body of a POST, as text. */
  accept(text: string): void;
}

/** Bytes that a POST may have. */
const MAX_POST = 2 ** 26;

interface Serving {
  /** With a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

const ADDRESS = "127.0.0.1";

/** The first three let a page share memory between its threads. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": `${livePolicy}; frame-ancestors 'none'`,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
};

/**
 * Serves `pages` (by path, "/" first of all) from memory, so that no request can reach another file.
 * `port`: 0 takes any free one. `inbox`: where the page may post to.
 * @throws MaskFeatError PORT_UNAVAILABLE
 */
export async function serve(pages: ReadonlyMap<string, Page>, port: number, inbox?: Inbox): Promise<Serving> {
  const hosts = new Set<string>();
  const server = createServer((request, response) => {
    const { method, url = "" } = request;
    const page = pages.get(url.split("?", 1)[0]);
    if (!isOwn(hosts, request))
      answer(response, 403, message("This server answers only requests of its own machine.\n"));
    else if (inbox && method === "POST" && url === inbox.path) takeIn(inbox, request, response);
    else if (method !== "GET" && method !== "HEAD") {
      answer(response, 405, message("GET and HEAD only.\n"), { Allow: "GET, HEAD" });
    } else if (page) answer(response, 200, page);
    else answer(response, 404, message("There is no such page.\n"));
  });
  const taken = await listen(server, port);
  // a browser leaves out the port of http itself
  for (const host of [ADDRESS, "localhost"]) hosts.add(taken === 80 ? host : `${host}:${taken}`);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${ADDRESS}:${taken}/`, port: taken, close };
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens on it",
  EACCES: "this user may not listen on it",
};

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = reasons[cause.code ?? ""] ?? cause.message;
      const what = `port ${port} of ${ADDRESS} cannot be used: ${why}`;
      reject(new MaskFeatError("PORT_UNAVAILABLE", `${what}; choose another one, or none for any free one`, { cause }));
    });
    server.listen(port, ADDRESS, () => resolve((server.address() as AddressInfo).port));
  });
}

const message = (body: string): Page => ({ type: "text/plain; charset=utf-8", body });

/** To a HEAD request Node sends no body. */
function answer(response: ServerResponse, status: number, { type, body }: Page, more = {}): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, ...more, "Content-Type": type, "Content-Length": bytes.length }).end(bytes);
}

/** Another site can point a name of its own at this address; the browser then sends that name. */
function isOwn(hosts: ReadonlySet<string>, { headers: { host = "", origin } }: IncomingMessage): boolean {
  const isOurs = (name: string) => hosts.has(name.toLowerCase());
  return isOurs(host) && (origin === undefined || isOurs(origin.replace(/^http:\/\//, "")));
}

/** Reads the body of a POST. */
function takeIn(inbox: Inbox, request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  let length = 0;
  request.on("data", (part: Buffer) => {
    length += part.length;
    if (length > MAX_POST) request.destroy();
    else parts.push(part);
  });
  request.on("end", () => {
    response.writeHead(204, headers).end();
    inbox.accept(Buffer.concat(parts).toString("utf8"));
  });
}
