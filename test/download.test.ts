/** Downloads over bad connections and from bad servers: the right file or a typed error. */

import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FetchOptions, fetchFile } from "../sdk/io/cache.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { cacheFolder, folderStore } from "../sdk/platform/node-store.js";
import { content, type FileServer, serverPerTest, sha256, sri, type Trick } from "./file-server.js";

vi.mock("../sdk/base/pause.js", async () => import("./short-pause.js"));

let folder: string;
let server: FileServer;
const start = serverPerTest();
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "maskfeat-download-"));
  server = await start();
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

/** As the package does it, into this test's folder, with short pauses. */
function fetchOf(url: string, options: FetchOptions = {}) {
  server.received = 0;
  return fetchFile({ ...nodePlatform, openStore: async () => folderStore(folder) }, url, {
    ...options,
    onProgress(loaded, total) {
      server.received = loaded;
      options.onProgress?.(loaded, total);
    },
  });
}

/** The bytes of a download. */
async function bytesOf(url: string, options?: FetchOptions): Promise<Uint8Array> {
  const { source, sha256: hash } = await fetchOf(url, options);
  const bytes = await source.read(0, source.size);
  await source.close();
  expect(hash).toBe(sha256(bytes));
  return bytes;
}

const partials = () => readdirSync(folder).filter((name) => name.endsWith(".partial"));

describe("a good server", () => {
  it("gives the file once; then it is kept, under a name that cannot leave the folder", async () => {
    const progress: (number | undefined)[][] = [];
    const url = server.url();
    expect(sha256(await bytesOf(url, { onProgress: (...now) => progress.push(now) }))).toBe(sha256(server.bytes));
    expect(progress.at(-1)).toEqual([100_000, 100_000]);
    expect(sha256(await bytesOf(url))).toBe(sha256(server.bytes));
    expect(sha256(await bytesOf(url, { offline: true, integrity: sri(server.bytes) }))).toBe(sha256(server.bytes));
    expect(server.seen).toHaveLength(1);
    const names = readdirSync(folder).sort();
    expect(names[0]).toMatch(/^[0-9a-f]{16}-model_20221101-[0-9a-f]{8}\.pth$/);
    expect(names).toEqual([names[0], `${names[0]}.json`]);
  });

  it.each([
    "..%2f..%2fetc%2fpasswd",
    "a/../../../b.safetensors",
    "x%00y",
    "CON",
    "",
    `${"n".repeat(300)}.pth`,
    "%E2%98%83",
  ])("keeps %j inside the folder", async (name) => {
    expect(sha256(await bytesOf(server.url(name)))).toBe(sha256(server.bytes));
    for (const kept of readdirSync(folder)) expect(kept).toMatch(/^[0-9a-f]{16}-[A-Za-z0-9._-]*$/);
  });

  it("keeps files of one name and of one path apart, and no secret", async () => {
    const query = server.url("w.safetensors?token=secret");
    await bytesOf(query);
    server.bytes = content(500, 2);
    expect(sha256(await bytesOf(server.url("w.safetensors?token=other")))).toBe(sha256(server.bytes));
    expect(sha256(await bytesOf(server.url("v/w.safetensors")))).toBe(sha256(server.bytes));
    for (const name of readdirSync(folder)) {
      expect(name + readFileSync(join(folder, name), "latin1")).not.toContain("secret");
    }
    const gone = server.url("x?token=secret");
    server.stop();
    await expect(fetchOf(gone)).rejects.toMatchObject({
      code: "NET_FAILED",
      message: expect.not.stringContaining("secret"),
    });
  });

  it("asks once for calls at once", async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => bytesOf(server.url())));
    for (const bytes of all) expect(sha256(bytes)).toBe(sha256(server.bytes));
    expect(server.seen).toHaveLength(1);
  });
});

const big = content(300_000, 5);
const html = "<!doctype html><html><body>app</body></html>";

/** Tricks that end in the right file, and how many requests that takes. */
const mended: [string, Trick, number | undefined][] = [
  ["drops after 1000 bytes", (q, r, n) => n === 1 && server.breakAfter(1000, q, r), 2],
  ["drops after every 70000 bytes", (q, r) => server.breakAfter(70_000, q, r), 5],
  [
    "drops before the first byte, four times",
    (q, _, n) => {
      if (n < 5) q.socket.destroy();
      return n < 5;
    },
    undefined,
  ],
  [
    "declares more than it sends",
    (_, r, n) => {
      if (n > 1) return false;
      r.writeHead(200, { "Content-Length": "300000", ETag: '"one"' });
      r.write(big.subarray(0, 5000), () => server.breakAt(5000, r));
      return true;
    },
    2,
  ],
  [
    "redirects three times",
    (q, r) => {
      const hop = Number(/hop=(\d)/.exec(q.url ?? "")?.[1] ?? 0);
      if (hop < 3) r.writeHead([302, 307, 301][hop], { Location: `/x?hop=${hop + 1}` }).end();
      return hop < 3;
    },
    4,
  ],
  [
    "ignores Range",
    (q, r, n) => {
      if (n === 1) return server.breakAfter(1000, q, r);
      r.writeHead(200, { "Content-Length": String(big.length), ETag: '"one"' }).end(big);
      return true;
    },
    2,
  ],
  [
    "answers with a range that was not asked for",
    (q, r, n) => {
      if (n === 1) return server.breakAfter(1000, q, r);
      if (n > 2) return false;
      r.writeHead(206, { "Content-Range": `bytes 5-${big.length - 1}/${big.length}`, ETag: '"one"' }).end(
        big.subarray(5),
      );
      return true;
    },
    3,
  ],
  [
    "answers with a range that it does not name",
    (q, r, n) => {
      if (n === 1) return server.breakAfter(1000, q, r);
      if (n > 2) return false;
      r.writeHead(206, { ETag: '"one"' }).end(big.subarray(1000));
      return true;
    },
    3,
  ],
  [
    "answers 416",
    (q, r, n) => {
      if (n === 1) return server.breakAfter(1000, q, r);
      if (n === 2) r.writeHead(416).end();
      return n === 2;
    },
    3,
  ],
  [
    "answers another version to If-Range-less eyes",
    (q, r, n) => {
      if (n === 1) return server.breakAfter(1000, q, r);
      if (n > 2) return false;
      const range = `bytes 1000-${big.length - 1}/${big.length}`;
      r.writeHead(206, { "Content-Range": range, ETag: '"two"' }).end(content(299_000, 9));
      return true;
    },
    3,
  ],
  [
    "is busy: 503, 429, 500, 504",
    (_, r, n) => {
      if (n < 5) r.writeHead([503, 429, 500, 504][n - 1]).end("busy");
      return n < 5;
    },
    5,
  ],
  [
    "says when to come again",
    (_, r, n) => {
      if (n === 1) r.writeHead(503, { "Retry-After": "1" }).end();
      return n === 1;
    },
    2,
  ],
  [
    "compresses",
    (_, r) => {
      const body = gzipSync(big);
      r.writeHead(200, { "Content-Encoding": "gzip", "Content-Length": String(body.length) }).end(body);
      return true;
    },
    1,
  ],
  [
    "names no length",
    (_, r) => {
      r.write(big.subarray(0, 1000));
      setTimeout(() => r.end(big.subarray(1000)), 20);
      return true;
    },
    1,
  ],
  [
    "is slow",
    (_, r) => {
      r.writeHead(200, { "Content-Length": String(big.length) });
      for (let i = 0; i < 10; i++) setTimeout(() => r.write(big.subarray(i * 30_000, (i + 1) * 30_000)), 20 * i);
      return true;
    },
    1,
  ],
];

describe("a server that", () => {
  beforeEach(() => {
    server.bytes = big;
  });

  it.each(mended)("%s: the right file", async (_, trick, requests) => {
    server.trick = trick;
    const shown: number[] = [];
    expect(sha256(await bytesOf(server.url(), { onProgress: (loaded) => shown.push(loaded) }))).toBe(sha256(big));
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
    if (requests !== undefined) expect(server.seen).toHaveLength(requests);
    expect(partials()).toEqual([]);
  });

  it("falls silent is given up after a minute, and asked for the rest", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      server.trick = (_, r, n) => {
        if (n === 1) r.writeHead(200, { "Content-Length": "300000", ETag: '"one"' }).write(big.subarray(0, 1000));
        return n < 3;
      };
      let done = false;
      const work = bytesOf(server.url()).finally(() => {
        done = true;
      });
      // The second time not even an answer comes.
      while (server.received < 1000) await new Promise((later) => setImmediate(later));
      for (const asked of [1, 2]) {
        while (server.seen.length < asked) await new Promise((later) => setImmediate(later));
        await vi.advanceTimersByTimeAsync(58_000);
        expect([server.seen.length, done]).toEqual([asked, false]);
        await vi.advanceTimersByTimeAsync(3000);
      }
      vi.useRealTimers();
      expect(sha256(await work)).toBe(sha256(big));
      expect(server.seen.map(({ range }) => range)).toEqual([undefined, "bytes=1000-", "bytes=1000-"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("breaks is asked for the rest, of the same version", async () => {
    server.trick = (q, r, n) => n === 1 && server.breakAfter(1000, q, r);
    await bytesOf(server.url());
    expect(server.seen[1]).toMatchObject({ range: "bytes=1000-", ifRange: '"one"' });
  });

  it("changes the file between the parts: the new one, whole", async () => {
    const changed = content(200_000, 6);
    server.trick = (q, r, n) => {
      if (n === 1) return server.breakAfter(1000, q, r);
      server.bytes = changed;
      server.etag = '"two"';
      return false;
    };
    expect(sha256(await bytesOf(server.url("w.safetensors")))).toBe(sha256(changed));
  });

  it("tells no version is asked for the rest only where the hash is known", async () => {
    server.etag = undefined;
    server.trick = (q, r, n) => n === 1 && server.breakAfter(1000, q, r);
    expect(sha256(await bytesOf(server.url("w.safetensors")))).toBe(sha256(big));
    expect(server.seen[1].range).toBeUndefined();
    server.trick = (q, r, n) => n === 3 && server.breakAfter(1000, q, r);
    expect(sha256(await bytesOf(server.url("v.safetensors"), { integrity: sri(big) }))).toBe(sha256(big));
    expect(server.seen[3].range).toBe("bytes=1000-");
  });

  it("gives parts of two versions as one: found by the hash, and once more whole", async () => {
    server.trick = (q, r, n) => {
      if (n !== 1) return false;
      server.bytes = content(300_000, 7);
      server.breakAfter(1000, q, r);
      server.bytes = big;
      return true;
    };
    expect(sha256(await bytesOf(server.url()))).toBe(sha256(big));
    expect(server.seen.map(({ range }) => range)).toEqual([undefined, "bytes=1000-", undefined]);
  });

  const status =
    (code: number, headers: Record<string, string> = {}, body = ""): Trick =>
    (_, r) => {
      r.writeHead(code, headers).end(body);
      return true;
    };
  const refused: [string, Trick, string, RegExp][] = [
    ["has no such file", status(404, { "Content-Type": "text/html" }, html), "FILE_NOT_FOUND", /answered 404/],
    ["had the file once", status(410), "FILE_NOT_FOUND", /410/],
    ["forbids", status(403), "NET_STATUS", /403/],
    ["is always busy", status(503), "NET_STATUS", /503/],
    ["gives a web page", status(200, { "Content-Type": "text/html" }, html), "NET_STATUS", /this is an HTML page/],
    ["gives a web page as bytes", status(200, {}, `\n ${html}`), "NET_STATUS", /this is an HTML page/],
    ["gives an error in XML", status(200, {}, '<?xml version="1.0"?><Error/>'), "NET_STATUS", /an XML document/],
    [
      "gives a pointer",
      status(200, {}, "version https://git-lfs.github.com/spec/v1\n"),
      "NET_STATUS",
      /Git LFS pointer/,
    ],
    ["gives nothing", status(200), "NET_STATUS", /are no bytes/],
    ["gives nothing at all", status(204), "NET_STATUS", /are no bytes/],
    ["redirects for ever", status(302, { Location: "/again" }), "NET_STATUS", /more than 8 times/],
    ["redirects to a file", status(302, { Location: "file:///etc/passwd" }), "NET_STATUS", /to file, which is not/],
    ["redirects to ftp", status(301, { Location: "ftp://host/x" }), "NET_STATUS", /to ftp/],
    ["redirects to nonsense", status(301, { Location: "http://" }), "NET_STATUS", /no URL/],
    ["redirects nowhere", status(302), "NET_STATUS", /302/],
    [
      "changes a byte",
      status(200, {}, `\u0001${Buffer.from(big).toString("latin1")}`),
      "HASH_MISMATCH",
      /its name says/,
    ],
    ["ends early without a word", status(200, { Connection: "close" }, "abc"), "HASH_MISMATCH", /SHA-256/],
    ["closes at once, always", (q) => !q.socket.destroy().connecting, "NET_FAILED", /try again|fetched/],
    [
      "breaks always",
      (q, r) => (q.headers.range ? status(206)(q, r, 0) : server.breakAfter(600, q, r)),
      "NET_FAILED",
      /./,
    ],
  ];

  it.each(refused)("%s: a typed error", async (_, trick, code, message) => {
    server.trick = trick;
    await expect(fetchOf(server.url())).rejects.toMatchObject({
      name: "FileError",
      code,
      message: expect.stringMatching(message),
    });
    expect(readdirSync(folder).filter((name) => /\.(pth|json)$/.test(name) && !/partial/.test(name))).toEqual([]);
    server.trick = () => false;
    expect(sha256(await bytesOf(server.url()))).toBe(sha256(big));
  });
});

it("keeps https to https", async () => {
  const real = globalThis.fetch;
  globalThis.fetch = async () => new Response(null, { status: 302, headers: { Location: "http://host/w.pth" } });
  try {
    const work = fetchOf("https://host/w.pth");
    await expect(work).rejects.toMatchObject({
      code: "NET_STATUS",
      message: expect.stringContaining("from https to http"),
    });
  } finally {
    globalThis.fetch = real;
  }
});

describe("integrity", () => {
  it("is checked against downloads and kept files", async () => {
    const wrong = sri(content(5));
    const work = () => fetchOf(server.url("w.safetensors"), { integrity: wrong });
    await expect(work()).rejects.toMatchObject({ code: "HASH_MISMATCH" });
    await bytesOf(server.url("w.safetensors"), { integrity: `${wrong} ${sri(server.bytes)}` });
    await expect(work()).rejects.toMatchObject({ code: "HASH_MISMATCH" });
    expect(sha256(await bytesOf(server.url("w.safetensors"), { offline: true }))).toBe(sha256(server.bytes));
  });

  it.each(["", "sha256-", "sha384-AAAA", "md5-x", `${"sha256-"}${"A".repeat(44)}`])("refuses %j", async (integrity) => {
    await expect(fetchOf(server.url(), { integrity })).rejects.toMatchObject({
      name: "OptionError",
      code: "OPT_VALUE",
    });
  });

  it("takes a date in a name for a date", async () => {
    expect(sha256(await bytesOf(server.url("model-20221101.pth")))).toBe(sha256(server.bytes));
  });
});

describe("aborted", () => {
  it("in the middle, goes on from there", async () => {
    const abort = new AbortController();
    server.trick = (_, r, n) => {
      if (n === 1)
        r.writeHead(200, { "Content-Length": "100000", ETag: '"one"' }).write(server.bytes.subarray(0, 40_000));
      return n === 1;
    };
    const work = fetchOf(server.url(), {
      signal: abort.signal,
      onProgress: (loaded) => loaded === 40_000 && abort.abort(new Error("enough")),
    });
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
    expect(partials()).toHaveLength(1);
    const shown: number[] = [];
    expect(sha256(await bytesOf(server.url(), { onProgress: (loaded) => shown.push(loaded) }))).toBe(
      sha256(server.bytes),
    );
    expect(server.seen[1].range).toBe("bytes=40000-");
    expect(shown[0]).toBeGreaterThan(40_000);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it("before, while it waits for an answer, and for another call", async () => {
    await expect(fetchOf(server.url(), { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(server.seen).toEqual([]);
    server.trick = () => true;
    const works = [1, 2].map(() => fetchOf(server.url(), { signal: AbortSignal.timeout(150) }));
    for (const result of await Promise.allSettled(works)) {
      expect(result).toMatchObject({ status: "rejected", reason: { name: "AbortError" } });
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("offline", () => {
  it("asks nobody, and says what is missing and where", async () => {
    await expect(fetchOf(server.url(), { offline: true })).rejects.toMatchObject({
      code: "NET_OFFLINE",
      message: expect.stringContaining(folder),
    });
    expect(server.seen).toEqual([]);
  });

  it("takes a file that somebody put there, where its name tells its hash", async () => {
    await bytesOf(server.url());
    for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
    expect(sha256(await bytesOf(server.url(), { offline: true }))).toBe(sha256(server.bytes));
  });
});

describe("the folder", () => {
  it.each([
    [{ MASKFEAT_HOME: "/data/m", XDG_CACHE_HOME: "/x" }, "linux", "/data/m"],
    [{ MASKFEAT_HOME: "here" }, "linux", resolve("here")],
    [{ MASKFEAT_HOME: "" }, "linux", "/home/me/.cache/maskfeat-wgpu"],
    [{ XDG_CACHE_HOME: "/x" }, "linux", "/x/maskfeat-wgpu"],
    [{ XDG_CACHE_HOME: "relative" }, "freebsd", "/home/me/.cache/maskfeat-wgpu"],
    [{ XDG_CACHE_HOME: "/x" }, "darwin", "/home/me/Library/Caches/maskfeat-wgpu"],
    [{ LOCALAPPDATA: "/local" }, "win32", "/local/maskfeat-wgpu"],
    [{}, "win32", "/home/me/AppData/Local/maskfeat-wgpu"],
  ])("%j on %s: %s", (env, system, expected) => {
    for (const name of ["MASKFEAT_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"]) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries({ ...env, HOME: "/home/me" })) vi.stubEnv(name, value);
    const platform = vi.spyOn(process, "platform", "get").mockReturnValue(system as NodeJS.Platform);
    expect(cacheFolder()).toBe(expected);
    platform.mockRestore();
    vi.unstubAllEnvs();
  });

  it("that cannot be written, or is a file, is a typed error with a way out", async () => {
    const blocked = join(folder, "file");
    writeFileSync(blocked, "");
    const platform = { ...nodePlatform, openStore: async () => folderStore(join(blocked, "sub")) };
    await expect(fetchFile(platform, server.url())).rejects.toMatchObject({
      code: "FILE_WRITE",
      message: expect.stringMatching(/MASKFEAT_HOME/),
    });
    expect(server.seen).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)("that is read-only still gives what is kept", async () => {
    await bytesOf(server.url());
    chmodSync(folder, 0o500);
    expect(sha256(await bytesOf(server.url()))).toBe(sha256(server.bytes));
    await expect(fetchOf(server.url("other.safetensors"))).rejects.toMatchObject({ code: "FILE_WRITE" });
  });
});

describe("two processes", () => {
  const script = `
    const { download } = await import(${JSON.stringify(resolve("dist/node.js"))});
    console.log(JSON.stringify(await download(process.argv[1])));`;

  const run = (url: string) =>
    new Promise<{ sha256: string }>((done, failed) => {
      const env = { ...process.env, MASKFEAT_HOME: folder };
      execFile(process.execPath, ["--input-type=module", "-e", script, url], { env }, (error, stdout) =>
        error ? failed(error) : done(JSON.parse(stdout)),
      );
    });

  /** Nothing but the file and its record is left, and they fit. */
  async function expectKept(url: string) {
    expect(readdirSync(folder)).toHaveLength(2);
    expect(sha256(await bytesOf(url, { offline: true }))).toBe(sha256(server.bytes));
  }

  it.each(["w.safetensors", undefined])("at once both have the right file, and leave it (%s)", async (name) => {
    server.bytes = content(3_000_000, 3);
    server.trick = (_, r, n) => {
      // The first process gets its last bytes when the second is done, or nearly so.
      if (n > 1) return false;
      r.writeHead(200, { "Content-Length": "3000000", ETag: '"one"' }).write(server.bytes.subarray(0, 2_000_000));
      const timer = setInterval(() => {
        if (server.seen.length < 2) return;
        clearInterval(timer);
        setTimeout(() => r.end(server.bytes.subarray(2_000_000)), 20);
      }, 5);
      return true;
    };
    const url = server.url(name);
    const both = await Promise.all([run(url), run(url)]);
    for (const { sha256: hash } of both) expect(hash).toBe(sha256(server.bytes));
    expect(server.seen).toHaveLength(2);
    await expectKept(url);
  });

  it("of which one is far slower: it gives the file of the other, whose right copy stays", async () => {
    server.bytes = content(3_000_000, 3);
    let finish = () => {};
    server.trick = (_, r, n) => {
      if (n > 1) return false;
      r.writeHead(200, { "Content-Length": "3000000", ETag: '"one"' }).write(server.bytes.subarray(0, 2_000_000));
      finish = () => r.end(server.bytes.subarray(2_000_000));
      return true;
    };
    const url = server.url("w.safetensors");
    const slow = run(url);
    while (partials().length === 0) await new Promise((later) => setTimeout(later, 20));
    expect((await run(url)).sha256).toBe(sha256(server.bytes));
    await expectKept(url);
    finish();
    expect((await slow).sha256).toBe(sha256(server.bytes));
    await expectKept(url);
  });

  it("of which the first is killed: the second takes over where it was", async () => {
    server.bytes = content(3_000_000, 4);
    server.trick = (_, r, n) => {
      if (n === 1)
        r.writeHead(200, { "Content-Length": "3000000", ETag: '"one"' }).write(server.bytes.subarray(0, 2_000_000));
      return n === 1;
    };
    const env = { ...process.env, MASKFEAT_HOME: folder };
    const child = execFile(process.execPath, ["--input-type=module", "-e", script, server.url()], { env });
    const size = () => partials().reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    while (size() < 2_000_000) await new Promise((later) => setTimeout(later, 20));
    const second = run(server.url());
    await new Promise((later) => setTimeout(later, 300));
    child.kill("SIGKILL");
    expect((await second).sha256).toBe(sha256(server.bytes));
    expect(server.seen.map(({ range }) => range)).toEqual([undefined, "bytes=2000000-"]);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it("of which one died long ago: what it left is gone on with, and cleared away", async () => {
    const abort = new AbortController();
    server.trick = (_, r, n) => {
      if (n === 1)
        r.writeHead(200, { "Content-Length": "100000", ETag: '"one"' }).write(server.bytes.subarray(0, 9000));
      return n === 1 || n === 2;
    };
    const url = server.url("w.safetensors");
    const first = fetchOf(url, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    const [left] = partials();
    utimesSync(join(folder, left), 0, 0);
    await expect(fetchOf(url, { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: "AbortError" });
    expect(partials()).toHaveLength(1);
    expect(partials()).not.toEqual([left]);
    expect(sha256(await bytesOf(url))).toBe(sha256(server.bytes));
    expect(server.seen[2].range).toBe("bytes=9000-");
    await expectKept(url);
  });
});
