/** Downloads in a browser: kept in the Cache API, verified, gone on with; and what a page is told of servers that do not let it read. */

import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeChromium, type OpenPage } from "./chromium.js";
import { content, FileServer, hashedName, sha256, sri } from "./file-server.js";

interface Options {
  readonly offline?: boolean;
  readonly integrity?: string;
}

const anyPage = { "Access-Control-Allow-Origin": "*" };

/** More than one part. */
const bytes = content(9_000_000, 8);

const downloadIn = (open: OpenPage, where: "inPage" | "inWorker", url: string, options: Options = {}) =>
  open[where](({ maskfeat, outcome }, { url, options }) => outcome(() => maskfeat.download(url, options)), {
    url,
    options,
  });

describeChromium("downloads", (chromium) => {
  let open: OpenPage;
  let server: FileServer;
  beforeEach(async () => {
    open = await chromium.open();
    server = new FileServer();
    server.bytes = bytes;
    server.headers = anyPage;
    await server.start();
  });
  afterEach(async () => {
    server.stop();
    await open.page.context().close();
  });

  it.each(["inPage", "inWorker"] as const)("%s: once; then without network", async (where) => {
    const url = server.url();
    const first = await downloadIn(open, where, `${url}?token=secret`);
    expect(first).toEqual({ value: { url, path: null, bytes: bytes.length, sha256: sha256(bytes) } });
    server.stop();
    expect(await downloadIn(open, where, `${url}?token=secret`, { integrity: sri(bytes) })).toEqual(first);
    expect(server.seen).toHaveLength(1);
    const keys = await open.inPage(
      async () => (await (await caches.open("maskfeat-wgpu")).keys()).map((k) => k.url),
      0,
    );
    expect(keys).toHaveLength(3);
    expect(String(keys)).not.toContain("secret");
  });

  it("a model takes its weights from there", async () => {
    const run = (url: string, offline: boolean) =>
      open.inPage(
        async ({ maskfeat, outcome }, { url, offline }) =>
          outcome(async () => {
            const config = {
              imageSize: 32,
              patchSize: 16,
              embedDims: 8,
              numLayers: 1,
              numHeads: 2,
              feedforwardChannels: 8,
            };
            const model = await maskfeat.getModel(config, { weights: url, offline });
            model.dispose();
          }),
        { url, offline },
      );
    const { error } = await run(server.url("w.safetensors"), false);
    expect(error).toMatchObject({ name: "CheckpointError", code: "CKPT_FORMAT" });
    expect((await run(server.url("w.safetensors"), true)).error?.code).toBe("CKPT_FORMAT");
    expect((await run(server.url("v.safetensors"), true)).error?.code).toBe("NET_OFFLINE");
    expect(server.seen).toHaveLength(1);
  });

  it.each(["flip", "cut", "zeros", "no part", "web page", "record", "half a record", "no record"])(
    "damage to a kept one (%s) is found, named offline, mended online",
    async (damage) => {
      const url = server.url("w.safetensors");
      await downloadIn(open, "inPage", url);
      await open.inPage(async (_, damage) => {
        const cache = await caches.open("maskfeat-wgpu");
        const keys = await cache.keys();
        const record = keys.find((key) => key.url.endsWith("/record"))!;
        const part = keys.find((key) => key.url.endsWith("/1"))!;
        if (damage === "no record") return void (await cache.delete(record));
        if (damage === "no part") return void (await cache.delete(part));
        if (damage === "record") {
          const { sha256, ...kept } = await (await cache.match(record))!.json();
          const other = sha256.replace(/^./, sha256[0] === "0" ? "1" : "0");
          return cache.put(record, new Response(JSON.stringify({ ...kept, sha256: other })));
        }
        if (damage === "half a record") return cache.put(record, new Response('{"url":"http'));
        const all = new Uint8Array(await (await cache.match(part))!.arrayBuffer());
        if (damage === "flip") all[all.length - 1] ^= 4;
        if (damage === "zeros") all.fill(0, 0, 4096);
        const changed = damage === "cut" ? all.subarray(0, 100) : all;
        return cache.put(part, new Response(damage === "web page" ? "<!doctype html><html>" : changed));
      }, damage);
      const { error } = await downloadIn(open, "inPage", url, { offline: true });
      expect(error).toMatchObject({ code: damage === "no record" ? "NET_OFFLINE" : "CACHE_CORRUPT" });
      expect((await downloadIn(open, "inPage", url)).value).toMatchObject({ sha256: sha256(bytes) });
      expect((await downloadIn(open, "inPage", url, { offline: true })).value).toMatchObject({ sha256: sha256(bytes) });
      expect(server.seen).toHaveLength(2);
    },
  );

  it("goes on where it was after the page was loaded again", async () => {
    const url = server.url();
    server.trick = (_, response, n) => {
      if (n === 1) {
        response
          .writeHead(200, { ...anyPage, "Content-Length": String(bytes.length) })
          .write(bytes.subarray(0, 8_800_000));
      }
      return n === 1;
    };
    const partial = open.inPage(async ({ maskfeat }, url) => {
      void maskfeat.download(url).catch(() => {});
      const kept = async () =>
        (await (await caches.open("maskfeat-wgpu")).keys()).some((key) => key.url.endsWith("/0"));
      while (!(await kept())) await new Promise((later) => setTimeout(later, 20));
    }, url);
    await partial;
    await open.page.reload({ waitUntil: "load" });
    expect((await downloadIn(open, "inPage", url)).value).toMatchObject({ sha256: sha256(bytes) });
    expect(server.seen[1].range).toMatch(/^bytes=8[34]\d{5}-$/);
    expect(server.seen).toHaveLength(2);
  });

  it("a page and its worker at once both get the right file, and leave it", async () => {
    // Of no known hash: parts of two downloads that were mixed would pass unnoticed.
    const url = server.url("w.safetensors");
    server.trick = (_, response, n) => {
      // The page's goes on only when the worker's is done, which takes away what it does not need.
      if (n === 1) response.writeHead(200, { ...anyPage, ETag: '"one"' }).write(bytes.subarray(0, 8_800_000));
      if (n === 1) finish = () => response.end(bytes.subarray(8_800_000));
      return n === 1;
    };
    let finish = () => {};
    const page = downloadIn(open, "inPage", url);
    while (server.seen.length === 0) await new Promise((later) => setTimeout(later, 20));
    expect((await downloadIn(open, "inWorker", url)).value).toMatchObject({ sha256: sha256(bytes) });
    finish();
    expect((await page).value).toMatchObject({ sha256: sha256(bytes) });
    const keys = () => open.inPage(async () => (await (await caches.open("maskfeat-wgpu")).keys()).length, 0);
    expect(await keys()).toBe(3);
    server.stop();
    expect((await downloadIn(open, "inPage", url, { offline: true })).value).toMatchObject({ sha256: sha256(bytes) });
  });

  it("follows a redirect", async () => {
    server.trick = (request, response) => {
      if (!request.url?.startsWith("/from")) return false;
      response.writeHead(302, { ...anyPage, Location: `/${hashedName(bytes)}` }).end();
      return true;
    };
    expect((await downloadIn(open, "inPage", server.url("from"))).value).toMatchObject({ sha256: sha256(bytes) });
  });

  it("takes a compressed answer whole, though another origin's headers do not show that it is", async () => {
    const body = gzipSync(bytes);
    server.trick = (_, response) => {
      response
        .writeHead(200, { ...anyPage, "Content-Encoding": "gzip", "Content-Length": String(body.length) })
        .end(body);
      return true;
    };
    expect((await downloadIn(open, "inPage", server.url())).value).toMatchObject({ sha256: sha256(bytes) });
  });

  it("a server that does not allow the page to read is said to lack CORS", async () => {
    server.headers = {};
    for (const where of ["inPage", "inWorker"] as const) {
      const { error } = await downloadIn(open, where, server.url());
      expect(error).toMatchObject({ name: "FileError", code: "NET_FAILED" });
      expect(error?.message).toMatch(/\(CORS\): it must send Access-Control-Allow-Origin/);
    }
    expect((await downloadIn(open, "inPage", server.url(), { offline: true })).error?.code).toBe("NET_OFFLINE");
  });

  it("says what its own server answers", async () => {
    const missing = await downloadIn(open, "inPage", `${open.origin}/none.pth`);
    expect(missing.error).toMatchObject({ code: "FILE_NOT_FOUND" });
    const page = await downloadIn(open, "inPage", `${open.origin}/`);
    expect(page.error?.message).toContain("this is an HTML page");
  });

  it("space that is used up is a typed error", async () => {
    const session = await open.page.context().newCDPSession(open.page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: open.origin, quotaSize: 2_000_000 });
    const { error } = await downloadIn(open, "inPage", server.url());
    expect(error).toMatchObject({ name: "FileError", code: "FILE_WRITE" });
    expect(error?.message).toMatch(/the space of this site is used up \(\d+ MB of 2 MB\)/);
  });

  it("without storage: in memory", async () => {
    const bare = await chromium.open(
      {},
      { before: () => Object.defineProperty(globalThis, "caches", { value: undefined }) },
    );
    for (const asked of [1, 2]) {
      expect((await downloadIn(bare, "inPage", server.url())).value).toMatchObject({ sha256: sha256(bytes) });
      expect(server.seen).toHaveLength(asked);
    }
  });
});
