/** A web server for this machine alone: a fixed table of files, on the loopback address. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MaskFeatError } from "../entries/node.js";
import { livePolicy } from "../report/page.js";

/** What one path answers with. */
export interface Page {
  readonly type: string;
  readonly body: Uint8Array | string;
}

/** A path whose POSTs are taken in. */
export interface Inbox {
  readonly path: string;
  /** The body of a POST, as text. */
  accept(text: string): void;
}

/** Bytes that a POST may have. */
const MAX_POST = 2 ** 26;

export interface Serving {
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
    const isPost = request.method === "POST" && request.url === inbox?.path && isOwn(hosts, request);
    if (isPost) takeIn(inbox as Inbox, request, response);
    else answer(pages, hosts, request, response);
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

function answer(
  pages: ReadonlyMap<string, Page>,
  hosts: ReadonlySet<string>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { status, page } = find(pages, hosts, request);
  const bytes = Buffer.from(page.body);
  const allow = status === 405 ? { Allow: "GET, HEAD" } : {};
  response.writeHead(status, { ...headers, ...allow, "Content-Type": page.type, "Content-Length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
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

function find(
  pages: ReadonlyMap<string, Page>,
  hosts: ReadonlySet<string>,
  request: IncomingMessage,
): { status: number; page: Page } {
  const { method = "", url = "" } = request;
  const refused = (status: number, body: string) => ({ status, page: { type: "text/plain; charset=utf-8", body } });
  if (!isOwn(hosts, request)) return refused(403, "This server answers to this machine alone.\n");
  if (method !== "GET" && method !== "HEAD") return refused(405, "GET and HEAD only.\n");
  const page = pages.get(url.split("?", 1)[0]);
  return page ? { status: 200, page } : refused(404, "There is no such page.\n");
}
