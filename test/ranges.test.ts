/** Checkpoints behind URLs, read by ranges over bad connections and from bad servers: the right bytes or a typed error. */

import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openCheckpoint, writeNpy, writeNpz, writeSafetensors, writeTorch } from "../sdk/entries/node.js";
import { openRanges } from "../sdk/io/ranges.js";
import type { UrlOptions } from "../sdk/io/types.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { content, type FileServer, serverPerTest, sha256, type Trick } from "./file-server.js";

let server: FileServer;
const start = serverPerTest();
beforeEach(async () => {
  server = await start();
});

vi.mock("../sdk/base/pause.js", async () => import("./short-pause.js"));

const BLOCK = 2 ** 17;
const big = content(1_000_000, 5);
const html = "<!doctype html><html><body>app</body></html>";

const openOf = (options: UrlOptions = {}) => openRanges(nodePlatform, server.url("w.bin"), options);

/** Reads `length` bytes at `offset`, and says whether they are the file's. */
async function reads(source: Awaited<ReturnType<typeof openOf>>, offset: number, length: number): Promise<boolean> {
  const bytes = await source.read(offset, length);
  return bytes.length === length && Buffer.compare(bytes, big.subarray(offset, offset + length)) === 0;
}

describe("a good server", () => {
  beforeEach(() => {
    server.bytes = big;
  });

  it("is asked for what is read, and for a little more where that is little", async () => {
    const source = await openOf();
    expect([source.size, source.name]).toEqual([big.length, server.url("w.bin")]);
    for (const [offset, length] of [
      [0, 512],
      [8, 100_000],
      [700_000, 20],
      [700_020, 100_000],
      [300_000, 200_000],
      [999_999, 1],
      [0, 8],
      [1_000_000, 0],
    ]) {
      expect(await reads(source, offset, length), String(offset)).toBe(true);
    }
    expect(server.seen.map(({ range }) => range)).toEqual([
      `bytes=0-${BLOCK - 1}`,
      `bytes=700000-${700_000 + BLOCK - 1}`,
      "bytes=300000-499999",
      "bytes=999999-999999",
    ]);
    await expect(source.read(999_999, 2)).rejects.toMatchObject({ code: "FILE_READ" });
    await source.close();
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: "FILE_READ" });
  });

  it("reads into memory that is given", async () => {
    const source = await openOf();
    const into = new Uint8Array(300_000);
    expect(await source.read(200_000, 300_000, into)).toBe(into);
    expect(sha256(into)).toBe(sha256(big.subarray(200_000, 500_000)));
    expect(await source.read(5, 2, into.subarray(0, 2))).toEqual(big.subarray(5, 7));
  });

  it("is asked once by reads at once of one place", async () => {
    const source = await openOf();
    const all = await Promise.all([600_000, 600_100, 600_200].map((offset) => reads(source, offset, 100)));
    expect([...all, server.seen.length]).toEqual([true, true, true, 2]);
  });

  it("a small file is one request; an empty one is seen to be empty", async () => {
    server.bytes = big.subarray(0, 100);
    expect(await reads(await openOf(), 0, 100)).toBe(true);
    expect(server.seen).toHaveLength(1);
    server.bytes = new Uint8Array(0);
    await expect(openCheckpoint(server.url())).rejects.toMatchObject({ code: "CKPT_FORMAT" });
  });
});

/** Tricks of opening and reading bytes 500,000 to 799,999, and how many requests the right bytes take. */
const mended: [string, Trick, number][] = [
  ["drops the first range", (q, _, n) => n === 1 && !!q.socket.destroy(), 3],
  ["is busy twice", (_, r, n) => n < 3 && !!r.writeHead([503, 429][n - 1]).end("busy"), 4],
  ["redirects", (q, r) => !q.url?.includes("to") && !!r.writeHead(302, { Location: "/to" }).end(), 4],
  ["ignores Range", (_, r) => !!r.writeHead(200, { ETag: '"one"' }).end(big), 1],
  ["ignores Range, compressing", (_, r) => !!r.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync(big)), 1],
  ["breaks off the whole file once", (q, r, n) => whole(q, r, n), 2],
  ["names no version", (q, r) => named(q, r, {}), 2],
  ["names a weak version", (q, r) => named(q, r, { ETag: 'W/"one"' }), 2],
  ["says when the file was changed", (q, r) => named(q, r, { "Last-Modified": "Tue, 01 Oct 2024 07:00:00 GMT" }), 2],
  ["does not name the range", (q, r) => unnamed(q, r, {}), 2],
  ["names another range", (q, r) => unnamed(q, r, { "Content-Range": `bytes 5-${BLOCK + 4}/${big.length}` }), 2],
  ["does not say of how many bytes", (q, r) => unnamed(q, r, { "Content-Range": `bytes 0-${BLOCK - 1}/*` }), 2],
  [
    "compresses parts",
    (q, r) => unnamed(q, r, { "Content-Range": `bytes 0-${BLOCK - 1}/${big.length}`, "Content-Encoding": "gzip" }),
    2,
  ],
  ["answers 416 to all ranges", (q, r) => q.headers.range !== undefined && !!r.writeHead(416).end(), 2],
  ["drops a range at half", (q, r, n) => n === 2 && server.breakAfter(100_000, q, r), 3],
  ["answers half a range", (q, r, n) => n === 2 && half(q, r), 3],
  ["answers another range once", (q, r, n) => n === 2 && other(q, r, 7), 3],
  ["answers a longer range once", (q, r, n) => n === 2 && other(q, r, 0, 5), 3],
  ["sends more than it says once", (q, r, n) => n === 2 && longer(q, r), 3],
  ["sends the whole file once", (_, r, n) => n === 2 && !!r.writeHead(200, { ETag: '"one"' }).end(big), 3],
  ["compresses a part once", (q, r, n) => n === 2 && other(q, r, 0, 0, { "Content-Encoding": "gzip" }), 3],
];

type Request = Parameters<Trick>[0];
type Response = Parameters<Trick>[1];

const asked = ({ headers }: Request) =>
  /^bytes=(\d+)-(\d+)$/
    .exec(headers.range ?? "")
    ?.slice(1)
    .map(Number);

function whole(_: Request, response: Response, n: number): true {
  response.writeHead(200, { "Content-Length": String(big.length) });
  if (n > 1) response.end(big);
  else response.write(big.subarray(0, 5000), () => response.destroy());
  return true;
}

/** A proper answer that says this of the file's version. */
function named(request: Request, response: Response, headers: Record<string, string>): true {
  server.etag = undefined;
  server.headers = headers;
  server.answer(request, response);
  return true;
}

/** To the first range an answer with these headers; else a proper one. */
function unnamed(request: Request, response: Response, headers: Record<string, string>): boolean {
  if (request.headers.range === undefined) return false;
  const body = big.subarray(0, BLOCK);
  response.writeHead(206, { ETag: '"one"', ...headers }).end(headers["Content-Encoding"] ? gzipSync(body) : body);
  return true;
}

/** A range that begins and ends later than the one asked for. */
function other(request: Request, response: Response, begins: number, ends = begins, headers = {}): true {
  const [from, last] = asked(request)!;
  const range = `bytes ${from + begins}-${last + ends}/${big.length}`;
  const body = big.subarray(from + begins, last + ends + 1);
  response.writeHead(206, { ETag: '"one"', "Content-Range": range, ...headers }).end(body);
  return true;
}

function half(request: Request, response: Response): true {
  return other(request, response, 0, -100_000);
}

function longer(request: Request, response: Response): true {
  const [from, last] = asked(request)!;
  const range = `bytes ${from}-${last}/${big.length}`;
  response.writeHead(206, { ETag: '"one"', "Content-Range": range }).end(content(last - from + 100, 3));
  return true;
}

describe("a server that", () => {
  beforeEach(() => {
    server.bytes = big;
    // a connection breaks once so many bytes were sent: there is no progress to wait for
    server.received = Number.POSITIVE_INFINITY;
  });

  it.each(mended)("%s: the right bytes", async (_, trick, requests) => {
    server.trick = trick;
    const source = await openOf();
    expect(source.size).toBe(big.length);
    expect(await reads(source, 500_000, 300_000)).toBe(true);
    expect(server.seen).toHaveLength(requests);
    expect(server.seen.filter(({ ifRange }) => ifRange !== undefined)).toEqual([]);
  });

  it("breaks at half is asked for the rest", async () => {
    server.trick = (q, r, n) => n === 2 && server.breakAfter(100_000, q, r);
    await reads(await openOf(), 500_000, 300_000);
    const [, , rest] = server.seen;
    // where exactly it broke, the network decides
    expect(rest.range).toMatch(/^bytes=5\d\d\d\d\d-799999$|^bytes=600000-799999$/);
  });

  const status =
    (code: number, headers: Record<string, string> = {}, body = ""): Trick =>
    (_, r) =>
      !!r.writeHead(code, headers).end(body);

  it.each<[string, Trick, string, RegExp]>([
    ["has no such file", status(404, { "Content-Type": "text/html" }, html), "FILE_NOT_FOUND", /answered 404/],
    ["forbids", status(403), "NET_STATUS", /403/],
    ["is always busy", status(503), "NET_STATUS", /503/],
    ["gives a web page", status(200, { "Content-Type": "text/html" }, html), "NET_STATUS", /an HTML page/],
    ["gives a web page as bytes", status(200, {}, `\n ${html}`), "NET_STATUS", /an HTML page/],
    ["gives a web page in ranges", (q, r) => page(q, r), "NET_STATUS", /an HTML page/],
    ["gives a pointer", status(200, {}, "version https://git-lfs.github.com/spec/v1\n"), "NET_STATUS", /LFS pointer/],
    ["answers 416 to everything", status(416), "NET_STATUS", /range/],
    ["answers parts to everything", status(206), "NET_STATUS", /range/],
    ["redirects for ever", status(302, { Location: "/again" }), "NET_STATUS", /more than 8 times/],
    ["redirects to a file", status(302, { Location: "file:///etc/passwd" }), "NET_STATUS", /to file, which is not/],
    ["closes at once, always", (q) => !!q.socket.destroy(), "NET_FAILED", /cannot be fetched/],
  ])("%s: a typed error when it is opened", async (_, trick, code, message) => {
    server.trick = trick;
    await expect(openOf()).rejects.toMatchObject({ name: "FileError", code, message: expect.stringMatching(message) });
  });

  function page(request: Request, response: Response): true {
    server.bytes = new TextEncoder().encode(html);
    server.answer(request, response);
    return true;
  }

  it.each<[string, () => Trick | undefined, string]>([
    ["changes the file", () => change(content(1_000_000, 9), '"two"'), "FILE_READ"],
    ["changes the file's length alone", () => change(content(900_000, 5), '"one"'), "FILE_READ"],
    ["makes the file shorter", () => change(content(1000, 5), '"two"'), "FILE_READ"],
    ["no longer names the version", () => change(big, undefined), "FILE_READ"],
    ["no longer has the file", () => status(404), "FILE_NOT_FOUND"],
    ["no longer gives ranges", () => status(200, { ETag: '"one"' }, "other"), "NET_FAILED"],
    ["gives another file whole", () => status(200, { ETag: '"two"' }, "other"), "FILE_READ"],
    ["breaks always", () => (q) => !!q.socket.destroy(), "NET_FAILED"],
    ["gives other ranges always", () => (q, r) => other(q, r, 1), "NET_FAILED"],
    ["sends too much always", () => longer, "NET_FAILED"],
    ["compresses now", () => (q, r) => other(q, r, 0, 0, { "Content-Encoding": "br" }), "NET_FAILED"],
  ])("%s after it was opened: a typed error, and never mixed bytes", async (_, later, code) => {
    const source = await openOf();
    server.trick = later() ?? (() => false);
    await expect(source.read(500_000, 300_000)).rejects.toMatchObject({ name: "FileError", code });
    await expect(source.read(500_000, 10)).rejects.toMatchObject({ name: "FileError", code });
    expect(await reads(source, 100, 10)).toBe(true);
  });

  function change(bytes: Uint8Array, etag: string | undefined): undefined {
    server.bytes = bytes;
    server.etag = etag;
  }

  it("changes the file while a range breaks: a typed error", async () => {
    const source = await openOf();
    server.trick = (q, r) => {
      if (server.seen.length > 2) return false;
      server.breakAfter(100_000, q, r);
      change(content(1_000_000, 9), '"two"');
      return true;
    };
    await expect(source.read(500_000, 300_000)).rejects.toMatchObject({ code: "FILE_READ" });
  });

  it("recovers is asked again", async () => {
    const source = await openOf();
    server.trick = status(403);
    await expect(source.read(500_000, 10)).rejects.toMatchObject({ code: "NET_STATUS" });
    server.trick = () => false;
    expect(await reads(source, 500_000, 10)).toBe(true);
  });
});

describe("whoever asks", () => {
  beforeEach(() => {
    server.bytes = big;
  });

  it("can stop opening and reading", async () => {
    const abort = new AbortController();
    const source = await openOf({ signal: abort.signal });
    server.trick = () => {
      abort.abort();
      return true;
    };
    await expect(source.read(500_000, 10)).rejects.toMatchObject({ name: "AbortError" });
    await expect(source.read(0, 10)).rejects.toMatchObject({ name: "AbortError" });
    await expect(openOf({ signal: abort.signal })).rejects.toMatchObject({ name: "AbortError" });
    const late = new AbortController();
    server.trick = () => {
      late.abort();
      return true;
    };
    await expect(openOf({ signal: late.signal })).rejects.toMatchObject({ name: "AbortError" });
  });

  it("can close while something is read", async () => {
    const source = await openOf();
    server.trick = () => {
      void source.close();
      return true;
    };
    await expect(source.read(500_000, 10)).rejects.toMatchObject({ code: "FILE_READ" });
  });

  it.each(["ftp://host/w", "data:,x", "w.bin", ""])("gives no URL: %j", async (url) => {
    await expect(openRanges(nodePlatform, url)).rejects.toMatchObject({ code: "FILE_READ" });
  });
});

describe("a checkpoint behind a URL", () => {
  /** Weights of 2 MB between small tensors, as in a transformer. */
  const tensors = Array.from({ length: 12 }, (_, i) => [
    [`${i}.norm`, { data: new Float32Array(768).fill(i), shape: [768] }] as const,
    [`${i}.weight`, { data: new Float32Array(512 * 1024).fill(i + 0.5), shape: [512, 1024] }] as const,
    [`${i}.bias`, { data: new Float32Array(512).fill(-i), shape: [512] }] as const,
  ]).flat();
  const weight = 4 * 512 * 1024;

  it.each([
    ["safetensors", 1, 1, () => writeSafetensors(tensors)],
    ["pth", 2, 2, () => writeTorch(tensors)],
    ["npz", 14, 2, () => writeNpz(tensors.map(([name, tensor]) => [name, writeNpy(tensor)]))],
  ] as const)("%s: opened by %i requests; a tensor is read by %i", async (_, opened, read, make) => {
    server.bytes = make();
    const url = server.url("model");
    const checkpoint = await openCheckpoint(url);
    expect(checkpoint.names).toHaveLength(36);
    expect(server.seen).toHaveLength(opened);
    expect(server.sent).toBeLessThanOrEqual(opened * BLOCK);
    const { data, shape } = await checkpoint.get("7.weight");
    expect([shape, data.every((value) => value === 7.5)]).toEqual([[512, 1024], true]);
    expect(server.seen).toHaveLength(opened + read);
    expect(server.sent).toBeLessThanOrEqual((opened + read - 1) * BLOCK + weight);
    for (const [name, { data: wanted }] of tensors) {
      expect(
        Buffer.compare(Buffer.from((await checkpoint.get(name)).data.buffer), Buffer.from(wanted.buffer)),
        name,
      ).toBe(0);
    }
    await checkpoint.close();
  });

  it("in shards beside an index: their headers, then the tensors that are asked for", async () => {
    const shards = new Map(
      [0, 1].map((i) => [`/${i}.safetensors`, writeSafetensors(tensors.slice(18 * i, 18 * i + 18))]),
    );
    const weight_map = Object.fromEntries(tensors.map(([name], i) => [name, `${i < 18 ? 0 : 1}.safetensors`]));
    const index = new TextEncoder().encode(JSON.stringify({ weight_map }));
    server.trick = (request) => {
      server.bytes = shards.get(new URL(request.url!, "http://host").pathname) ?? index;
      return false;
    };
    const checkpoint = await openCheckpoint(server.url("model.safetensors.index.json?token=7"));
    expect((await checkpoint.get("9.weight")).data.every((value) => value === 9.5)).toBe(true);
    expect(server.seen.map(({ path }) => path)).toEqual([
      "/model.safetensors.index.json?token=7",
      "/0.safetensors?token=7",
      "/1.safetensors?token=7",
      "/1.safetensors?token=7",
    ]);
    expect(server.sent).toBeLessThanOrEqual(3 * BLOCK + weight);
    await checkpoint.close();
  });
});
