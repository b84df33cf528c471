import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { blobSource, bytesSource } from "../sdk/io/source.js";
import { openWhole } from "../sdk/io/transfer.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { codeOf } from "./helpers.js";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

describe.each([
  ["bytesSource", () => bytesSource(bytes)],
  ["blobSource", () => blobSource(new Blob([bytes]))],
])("%s", (_, open) => {
  it("reads at offsets, and nothing beyond the end", async () => {
    const source = open();
    expect(source.size).toBe(1000);
    expect(Array.from(await source.read(249, 3))).toEqual([249, 250, 0]);
    expect((await source.read(1000, 0)).length).toBe(0);
    for (const [offset, length] of [
      [999, 2],
      [-1, 2],
      [0, -1],
      [Number.NaN, 1],
    ]) {
      expect(await codeOf(() => source.read(offset, length))).toBe("FILE_READ");
    }
    await source.close();
  });
});

it("gives out copies of memory", async () => {
  const memory = Uint8Array.of(1, 2, 3);
  const got = await bytesSource(memory).read(0, 3);
  got[0] = 9;
  expect(memory[0]).toBe(1);
});

it("gives out copies of a Buffer that is part of a larger one", async () => {
  const pool = Buffer.from([9, 1, 2, 3, 9]);
  const bytes = await bytesSource(pool.subarray(1, 4)).read(1, 2);
  pool.fill(0);
  expect([...new Uint8Array(bytes.buffer)]).toEqual([2, 3]);
});

it("names what it reads", () => {
  expect(bytesSource(bytes).name).toBe("bytes");
  expect(bytesSource(bytes, "weights").name).toBe("weights");
  expect(blobSource(new Blob([])).name).toBe("blob");
  expect(blobSource(new File([], "w.safetensors")).name).toBe("w.safetensors");
});

vi.mock("../sdk/base/pause.js", async () => import("./short-pause.js"));

describe("openWhole", () => {
  const open = (url: string, options: Parameters<typeof openWhole>[2] = {}) => openWhole(nodePlatform, url, options);

  let server: Server | undefined;
  afterEach(() => server?.close());

  /** The URL of a server on this machine that answers with `listener`. */
  async function serve(listener: RequestListener): Promise<string> {
    server = createServer(listener);
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/w.safetensors`;
  }

  it("fetches, and says how far it is", async () => {
    const url = await serve((_, response) => response.writeHead(200, { "content-length": "1000" }).end(bytes));
    const progress: (number | undefined)[][] = [];
    const source = await open(`${url}?token=secret`, { onProgress: (...now) => progress.push(now) });
    expect(source.name).toBe(url);
    expect(await source.read(0, 1000)).toEqual(bytes);
    expect(progress.at(-1)).toEqual([1000, 1000]);
  });

  it("knows no total where the server names none", async () => {
    const url = await serve((_, response) => {
      response.write(bytes);
      response.end();
    });
    const totals = new Set<number | undefined>();
    const source = await open(url, { onProgress: (_, total) => totals.add(total) });
    expect([source.size, ...totals]).toEqual([1000, undefined]);
  });

  it.each([
    [404, "FILE_NOT_FOUND"],
    [410, "FILE_NOT_FOUND"],
    [403, "NET_STATUS"],
    [500, "NET_STATUS"],
  ])("an answer of %i is %s", async (status, code) => {
    const url = await serve((_, response) => response.writeHead(status).end("<html>"));
    await expect(open(url)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`answered ${status}`),
    });
  });

  it("refuses a web page in place of the file", async () => {
    const url = await serve((_, response) => response.end("\n<!doctype html><html><body>Sign in</body></html>"));
    await expect(open(url)).rejects.toMatchObject({
      code: "NET_STATUS",
      message: expect.stringContaining("this is an HTML page"),
    });
  });

  it("refuses a body that ends early", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": "2000" });
      response.write(bytes, () => response.destroy());
    });
    expect(await codeOf(() => open(url))).toBe("NET_FAILED");
  });

  it("says why nothing answers", async () => {
    const url = await serve(() => {});
    await new Promise((resolve) => server?.close(resolve));
    await expect(open(url)).rejects.toMatchObject({
      code: "NET_FAILED",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("stops when it is told to", async () => {
    const url = await serve((_, response) => void response.write(bytes));
    const abort = new AbortController();
    const work = open(url, { signal: abort.signal, onProgress: () => abort.abort(new Error("enough")) });
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
    server?.closeAllConnections();
    await expect(open(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });

  it.each(["ftp://host/w", "file:///etc/passwd", "data:,x", "w.safetensors", ""])("refuses %j", async (url) => {
    expect(await codeOf(() => open(url))).toBe("FILE_READ");
  });

  it("keeps passwords out of messages", async () => {
    const error = await open("http://user:secret@127.0.0.1:1/w?key=hidden").catch(String);
    expect(error).toContain("http://127.0.0.1:1/w: ");
    expect(error).not.toMatch(/secret|hidden/);
  });
});
