/** The built package in a browser: features as in Node, threads, URLs, policies; and what the file itself must not hold. */

import "./relaxed.js";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../scripts/sizes.mjs";
import { extractFeat } from "../sdk/entries/node.js";
import { describeChromium, isolated, type OpenPage } from "./chromium.js";
import { tiny } from "./tiny.js";

const BIRD = "sdk/demo/samples/wood-walnut-exif6.jpg";

/** Hash of the features that Node gives. */
async function expected(path = BIRD): Promise<string> {
  const { data } = await extractFeat(path);
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

/** In the browser: hash of the features with so many threads, and what the model says of its device. */
const features = (open: OpenPage, where: "inPage" | "inWorker", threads?: number) =>
  open[where](
    ({ maskfeat, sha256, outcome, bytesOf }, { path, threads }) =>
      outcome(async () => {
        const model = await maskfeat.getModel(undefined, { threads });
        const image = new Blob([await bytesOf(`/${path}`)]);
        const [feat] = await model.extractFeat(image, { outType: "avg_featmap" });
        const { device } = model;
        model.dispose();
        return { hash: await sha256(feat.data), threads: device.threads, reason: device.reason };
      }),
    { path: BIRD, threads },
  );

describeChromium("a page that is not isolated", (chromium) => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await chromium.open();
  });

  it.each([
    ["inPage", "threads need a dedicated worker"],
    ["inWorker", "the page is not cross-origin isolated"],
  ] as const)("%s: Node's bits, by one thread, and why", async (where, why) => {
    const { value } = await features(open, where);
    expect(value).toMatchObject({ hash: await expected(), threads: 1 });
    expect(value?.reason).toContain(`1 thread: ${why}`);
    const { error } = await features(open, where, 2);
    expect(error).toMatchObject({ name: "DeviceError", code: "DEVICE_ABSENT" });
    expect(error?.message).toContain(`threads: 2 asked for, but ${why}`);
  });

  it("extractFeat and its kept model give Node's bits", async () => {
    const hashes = await open.inPage(async ({ maskfeat, sha256, bytesOf }, path) => {
      const image = new Blob([await bytesOf(`/${path}`)]);
      const feats = [await maskfeat.extractFeat(image), await maskfeat.extractFeat(image)];
      return Promise.all(feats.map(({ data }) => sha256(data)));
    }, BIRD);
    expect(hashes).toEqual([await expected(), await expected()]);
  });

  it("says which browser it is, and lists its devices", async () => {
    const { runtime, devices } = await open.inPage(
      async ({ maskfeat }) => ({ runtime: maskfeat.runtime, devices: await maskfeat.devices() }),
      undefined,
    );
    expect(runtime).toMatch(/^[A-Z]\w+ \d+$/);
    expect(devices).toContainEqual(
      expect.objectContaining({ kind: "wasm", available: true, reason: expect.stringContaining("1 thread: ") }),
    );
  });

  it.each(["inPage", "inWorker"] as const)("%s: a model on WebGPU passes its self-test and runs", async (where) => {
    const { device, shape } = await open[where](async ({ maskfeat }, config) => {
      const model = await maskfeat.getModel(config, { weights: "procedural", device: "webgpu" });
      const [feat] = await model.extractFeat(new ImageData(64, 64), { outType: "cls_token" });
      model.dispose();
      return { device: model.device, shape: feat.shape };
    }, tiny);
    expect(device).toMatchObject({ kind: "webgpu", adapter: "google / swiftshader", isFallback: true });
    expect(device.selfTest?.passed).toBe(true);
    expect(shape).toEqual([1, 48]);
  });

  it.each([
    ["inPage", "sdk/demo/samples/wood-walnut-exif6.jpg"],
    ["inPage", "/sdk/demo/samples/wood-walnut-exif6.jpg"],
    // relative to the worker's script, test/page/kit.js
    ["inWorker", "../../sdk/demo/samples/wood-walnut-exif6.jpg"],
  ] as const)("%s: fetches %s", async (where, url) => {
    const hash = await open[where](
      async ({ maskfeat, sha256 }, url) => sha256((await maskfeat.extractFeat(url)).data),
      url,
    );
    expect(hash).toBe(await expected());
  });

  it.each([
    ["no-such.jpg", "FILE_NOT_FOUND", "404"],
    ["file:///bird.jpg", "FILE_READ", "a page has no files"],
    ["data:image/png;base64,AAAA", "IMG_FORMAT", "begins with the bytes 00 00 00"],
    ["http://", "FILE_READ", "not a http or https URL"],
    ["/", "NET_STATUS", "this is an HTML page"],
  ])("%s is a typed error", async (url, code, what) => {
    const { error } = await open.inPage(({ maskfeat, outcome }, url) => outcome(() => maskfeat.extractFeat(url)), url);
    expect(error).toMatchObject({ name: code.startsWith("IMG") ? "ImageError" : "FileError", code });
    expect(error?.message).toContain(what);
  });

  it("a fetch can be aborted", async () => {
    const { error } = await open.inPage(({ maskfeat, outcome }, url) => {
      const abort = new AbortController();
      const work = outcome(() => maskfeat.decode(url, { signal: abort.signal }));
      abort.abort();
      return work;
    }, BIRD);
    expect(error?.name).toBe("AbortError");
  });

  it("asked nobody but its own server", () => {
    expect(open.foreign).toEqual([]);
  });
});

describeChromium("an isolated page", (chromium) => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await chromium.open(isolated);
  });

  it("in a worker: as many threads as there are processors, and any number gives the same bits", async () => {
    const hash = await expected();
    const { value } = await features(open, "inWorker");
    const processors = await open.inWorker(() => navigator.hardwareConcurrency, undefined);
    expect(value).toMatchObject({ hash, threads: Math.min(8, processors) });
    expect(value?.reason).not.toContain("1 thread");
    for (const threads of [1, 2, 3]) {
      expect((await features(open, "inWorker", threads)).value).toMatchObject({ hash, threads });
    }
  });

  it("in the window: one thread, and why", async () => {
    const { value } = await features(open, "inPage");
    expect(value).toMatchObject({ hash: await expected(), threads: 1 });
    expect(value?.reason).toContain("1 thread: threads need a dedicated worker");
  });

  it.each([
    ["that does not start", "data:text/javascript,throw new Error('no memory for it')", "no memory for it"],
    ["that dies while it serves", undefined, "a worker thread of the WASM device died"],
  ])("a thread %s is a DeviceError, not a hang, and the next model works", async (_, instead, what) => {
    const { error } = await open.inWorker(
      async ({ maskfeat, outcome }, { instead }) => {
        const Real = globalThis.Worker;
        globalThis.Worker = class extends Real {
          constructor(url: string | URL) {
            super(instead ?? url);
          }
          // an address that no atomic load takes: the thread says that it started, then traps
          override postMessage(start: { control: number }) {
            super.postMessage({ ...start, control: start.control + 1 });
          }
        };
        try {
          return await outcome(() => maskfeat.getModel(undefined, { threads: 2 }).then(() => "a model"));
        } finally {
          globalThis.Worker = Real;
        }
      },
      { instead },
    );
    expect(error).toMatchObject({ name: "DeviceError", code: "DEVICE_FAILED" });
    expect(error?.message).toContain(what);
    expect((await features(open, "inWorker", 2)).value?.hash).toBe(await expected());
  });

  it("never shares memory or waits in the window", async () => {
    const watched = await chromium.open(isolated, {
      before: () => {
        const forbidden = (what: string) => () => {
          throw new Error(`${what} in a window`);
        };
        Atomics.wait = forbidden("Atomics.wait") as typeof Atomics.wait;
        const Memory = WebAssembly.Memory;
        WebAssembly.Memory = class extends Memory {
          constructor(descriptor: WebAssembly.MemoryDescriptor) {
            if (descriptor.shared) forbidden("shared memory")();
            super(descriptor);
          }
        };
      },
    });
    expect((await features(watched, "inPage")).value?.hash).toBe(await expected());
    const shared = watched.inPage(() => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }), undefined);
    await expect(shared).rejects.toThrow("shared memory in a window");
  });
});

describeChromium("a Content-Security-Policy", (chromium) => {
  const policy = (text: string, more = {}) => chromium.open({ "Content-Security-Policy": text, ...more });

  it("that bars WebAssembly is a typed error that says so", async () => {
    const open = await policy("default-src 'self'");
    for (const where of ["inPage", "inWorker"] as const) {
      const { error } = await features(open, where);
      expect(error).toMatchObject({ name: "DeviceError", code: "DEVICE_ABSENT" });
      expect(error?.message).toContain("must not be barred by policy");
    }
  });

  it("that allows WebAssembly and nothing else is enough", async () => {
    const open = await policy("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'");
    expect((await features(open, "inPage")).value?.hash).toBe(await expected());
  });

  it("that bars workers made of blobs bars threads alone, by a typed error", async () => {
    const open = await policy("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'", isolated);
    const { error } = await features(open, "inWorker", 2);
    expect(error).toMatchObject({ name: "DeviceError", code: "DEVICE_FAILED" });
    expect(error?.message).toContain("worker-src blob:");
    expect((await features(open, "inWorker", 1)).value?.hash).toBe(await expected());
  });
});

it("dist/browser.min.js keeps to its limit behind gzip", () => {
  expect(gzipSync(readFileSync("dist/browser.min.js"), { level: 9 }).length).toBeLessThanOrEqual(limits.file);
});

describe.each(["browser", "browser.min"])("dist/%s.js", (name) => {
  const text = readFileSync(`dist/${name}.js`, "utf8");

  it.each([
    /\bnode:/,
    /\bimport\s*\(/,
    /\bimport\s*["'{*]/,
    /\beval\s*\(/,
    /new Function/,
    /import\.meta/,
    /\brequire\s*\(/,
  ])("holds no %s", (token) => {
    expect(text).not.toMatch(token);
  });

  it("can be imported where there is no browser", async () => {
    const { runtime, extractFeat, hog } = await import(`../dist/${name}.js`);
    expect([runtime, typeof hog]).toEqual(["browser", "function"]);
    await expect(extractFeat("bird.jpg")).rejects.toMatchObject({ code: "FILE_READ" });
  });
});
