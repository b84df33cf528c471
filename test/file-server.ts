/** A web server on this machine that gives one file, well or badly. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { answer, content, hashedName, rangeOf, sha256 } from "../scripts/fuzz/server.mjs";

export { content, hashedName, sha256 };
export const sri = (bytes: Uint8Array) => `sha256-${Buffer.from(sha256(bytes), "hex").toString("base64")}`;

export interface Seen {
  readonly path: string;
  readonly range?: string;
  readonly ifRange?: string;
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
  answer(request: IncomingMessage, response: ServerResponse): void {
    answer(this, request, response);
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
