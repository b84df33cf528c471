/** A web server on this machine that gives one file, well or badly. */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { dice } from "./helpers.js";

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const sri = (bytes: Uint8Array) => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

/** Bytes that look like nothing known. */
export function content(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const draw = dice(seed);
  return Uint8Array.from({ length: size }, (_, i) => (i < 8 ? 0xf0 : draw(256)));
}

/** A name as OpenMMLab gives it. */
export const hashedName = (bytes: Uint8Array) => `model_20221101-${sha256(bytes).slice(0, 8)}.pth`;

export interface Seen {
  readonly path: string;
  readonly range?: string;
  readonly ifRange?: string;
}

/** The first byte that a Range header asks for, and the one behind the last. */
function rangeOf(header: string | undefined, size: number) {
  const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? "") ?? [];
  return { from: Number(from ?? 0), to: last ? Math.min(size, Number(last) + 1) : size, ranged: from !== undefined };
}

/** Answers the n-th request; returns false to have it answered properly. */
export type Trick = (request: IncomingMessage, response: ServerResponse, n: number) => boolean | undefined;

export class FileServer {
  readonly seen: Seen[] = [];
  bytes: Uint8Array = content(100_000);
  etag: string | undefined = '"one"';
  /** Sent with every proper answer. */
  headers: Readonly<Record<string, string>> = {};
  trick: Trick = () => false;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const { range, "if-range": ifRange } = request.headers;
      this.seen.push({ path: request.url ?? "", range, ifRange: ifRange as string | undefined });
      response.on("error", () => {});
      if (!this.trick(request, response, this.seen.length)) this.answer(request, response);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((listening) => this.server.listen(0, "127.0.0.1", listening));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  url(name = hashedName(this.bytes)): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${name}`;
  }

  /** As a good server does: whole, or the range asked for where the file is still the same. */
  answer({ headers }: IncomingMessage, response: ServerResponse): void {
    const { bytes, etag } = this;
    const { from, to, ranged } = rangeOf(headers.range, bytes.length);
    const same = headers["if-range"] === undefined || headers["if-range"] === etag;
    const common = { ...(etag ? { ETag: etag } : {}), ...this.headers };
    if (ranged && from >= bytes.length && same) {
      response.writeHead(416, { ...common, "Content-Range": `bytes */${bytes.length}` }).end();
    } else if (ranged && same) {
      const range = `bytes ${from}-${to - 1}/${bytes.length}`;
      const length = String(to - from);
      this.sent += to - from;
      response
        .writeHead(206, { ...common, "Content-Range": range, "Content-Length": length })
        .end(bytes.subarray(from, to));
    } else {
      this.sent += bytes.length;
      response.writeHead(200, { ...common, "Content-Length": String(bytes.length) }).end(bytes);
    }
  }

  /** Bytes of all proper answers. */
  sent = 0;

  /** Bytes that the client says have arrived. */
  received = 0;

  /** Sends so many bytes of the answer that `answer` would give, and breaks the connection once they have arrived. */
  breakAfter(count: number, request: IncomingMessage, response: ServerResponse): true {
    const { end } = response;
    const { from } = rangeOf(request.headers.range, this.bytes.length);
    response.end = ((body: Uint8Array) => {
      response.end = end;
      response.write(body.subarray(0, count), () => this.breakAt(from + Math.min(count, body.length), response));
      return response;
    }) as typeof end;
    this.answer(request, response);
    return true;
  }

  /** Breaks the connection once so many bytes have arrived. */
  breakAt(size: number, response: ServerResponse): void {
    const timer = setInterval(() => {
      if (this.received < size) return;
      clearInterval(timer);
      response.destroy();
    }, 5);
    response.on("close", () => clearInterval(timer));
  }
}

/** A server that is gone after the test. */
export function serverPerTest(): () => Promise<FileServer> {
  let server: FileServer | undefined;
  afterEach(() => server?.stop());
  return async () => {
    server = new FileServer();
    await server.start();
    return server;
  };
}
