/** What `npm pack` gives, installed without a network into an empty folder, and everybody who may import it. */

import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { browserBundle, browserBytes, imports, limits } from "../scripts/sizes.mjs";
import { softwareGpu } from "../scripts/software.mjs";
import type { getModel, PartialConfig } from "../sdk/entries/node.js";
import { smallConfig, temporaryFolder } from "./cli.js";
import { describeOn } from "./needs.js";
import { node, nodeModule, type Packed, packAndInstall } from "./packed.js";
import { codeBlocks } from "./pages.js";
import { relaxedFlags } from "./relaxed.js";

const folder = temporaryFolder();
/** An app that installed the package and nothing else. */
const app = join(folder, "app");
const installed = join(app, "node_modules/maskfeat-wgpu");

let packed: Packed;
// biome-ignore lint/suspicious/noExplicitAny: its fields are what the tests look at
let manifest: any;
beforeAll(async () => {
  packed = await packAndInstall(folder);
  manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
});

/** A picture and a model that both a page and Node compute; `result` is [bits of the features, of the HOG]. */
const work = `
  const data = Uint8Array.from({ length: 3 * 72 * 64 }, (_, i) => (i * 7919) % 251);
  const image = { data, width: 72, height: 64 };
  const options = { weights: "procedural", device: "wasm", threads: 1 };
  const model = await getModel(${JSON.stringify(smallConfig)}, options);
  const [features] = await model.extractFeat(image);
  model.dispose();
  const cells = hog(preprocess(image, { resizeEdge: 64, cropSize: 64 }));
  const result = [features, cells].map(({ data }) => [...new Uint32Array(data.buffer)]);
`;
const names = "{ getModel, hog, preprocess }";

/** Logs the shape of an embedding of raw pixels. */
const embed = `extractFeat({ data: new Uint8Array(3 * 64 * 48), width: 64, height: 48 }).then((x) => console.log(x.shape));`;

describe("the tarball", () => {
  it("is small", () => {
    expect(packed.size).toBeLessThan(limits.tarball);
  });

  it("holds what is used and nothing else", () => {
    const expected =
      /^(package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE|CITATION\.cff|sdk\/(demo\/samples|guide)\/[\w-]+\.\w+)$/;
    const built =
      /^dist\/(browser\.min\.js|maskfeat\.wasm|maskfeat\.wasm\.d\.ts|[\w-]+\.(js|cjs|d\.ts|d\.cts)|(demo|conformance)\/\w+\.(css|html|js|svg)|conformance\/(samples|golden)\/[\w/.-]+|LICENSES\.txt)$/;
    const { paths } = packed;
    expect(paths.filter((path) => !expected.test(path) && !built.test(path))).toEqual([]);
    for (const name of ["LICENSE", "CITATION.cff", "CHANGELOG.md", "SECURITY.md", "dist/LICENSES.txt"]) {
      expect(paths).toContain(name);
    }
  });

  it("names the licence of every library in its bundles", () => {
    const licences = readFileSync(join(installed, "dist/LICENSES.txt"), "utf8");
    for (const library of ["@tensorflow-models/mobilenet 2", "commander 14", "fast-png 8", "fflate 0"])
      expect(licences).toContain(library);
  });

  it("needs no other package and runs nothing when it is installed", () => {
    expect(manifest.dependencies).toBeUndefined();
    expect(Object.keys(manifest.optionalDependencies)).toEqual(["sharp"]);
    // as a peer it is installed only by those who ask for it
    expect(Object.keys(manifest.peerDependencies)).toEqual(["webgpu"]);
    expect(manifest.peerDependenciesMeta).toEqual({ webgpu: { optional: true } });
    const hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare", "postprepare"];
    expect(hooks.filter((hook) => hook in manifest.scripts)).toEqual([]);
  });

  it("is cited by its own version", () => {
    expect(readFileSync(join(installed, "CITATION.cff"), "utf8")).toContain(`\nversion: ${manifest.version}\n`);
  });

  it("is what publint and attw ask for", async () => {
    const publint = await node(
      [resolve("node_modules/publint/src/cli.js"), installed, "--strict", "--pack", "false"],
      app,
    );
    expect(publint.stdout).toContain("All good!");
    const attw = resolve("node_modules/@arethetypeswrong/cli/dist/index.js");
    const types = await node(
      [attw, packed.tarball, "--profile", "node16", "--exclude-entrypoints", "./maskfeat.wasm"],
      app,
    );
    expect(types.stdout + types.stderr).toContain("maskfeat-wgpu/hog");
    expect(types.code).toBe(0);
  });
});

describe("in Node", () => {
  const first = codeBlocks("js")[0].code;
  const output = "oak, walnut 0.102\noak, flower -0.249\nThe model is untrained: ";

  /** The app with the optional packages. */
  const full = join(folder, "full");
  beforeAll(() => {
    cpSync(app, full, { recursive: true });
    for (const name of ["sharp", "webgpu"]) {
      symlinkSync(resolve("node_modules", name), join(full, "node_modules", name), "junction");
    }
  });

  it("runs the README's first example", async () => {
    const { code, stdout, stderr } = await nodeModule(first, full);
    expect(stderr).toBe("");
    expect(stdout).toContain(output);
    expect(code).toBe(0);
  });

  it("embeds pictures that ship, named by what the package exports", async () => {
    const code = `
      import { embed, similarity } from "maskfeat-wgpu";
      const pictures = ["sky-noon-p3.jpg", "city-day.png", "flower-blue.webp"];
      const features = await embed(pictures.map((name) => import.meta.resolve("maskfeat-wgpu/samples/" + name)));
      console.log(features.shape, similarity(features).shape);`;
    writeFileSync(join(full, "first.mjs"), code);
    expect(await node(["first.mjs"], full)).toEqual({ code: 0, stdout: "[ 3, 192 ] [ 3, 3 ]\n", stderr: "" });
  });

  it("runs it on raw pixels without optional packages, and says what is missing for files", async () => {
    const pixels = "{ data: new Uint8Array(3 * 64 * 48).map((_, i) => i), width: 64, height: 48 }";
    const raw = first.replace(/`\$\{samples\}.*?`/, `(${pixels})`);
    expect(raw).not.toBe(first);
    const { code, stdout, stderr } = await nodeModule(raw, app);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("oak, flower 1.000\n");
    const file = await nodeModule(first, app);
    expect(file.code).toBe(1);
    expect(file.stderr).toContain("npm i sharp");
    expect(file.stderr).toContain("code: 'IMG_NO_DECODER'");
  });

  it("can be required", async () => {
    const code = `const { extractFeat, MaskFeatError } = require("maskfeat-wgpu");
      const { hog, MaskFeatError: same } = require("maskfeat-wgpu/hog");
      const { version } = require("maskfeat-wgpu/package.json");
      import("maskfeat-wgpu").then((module) => {
        console.log(version, MaskFeatError === same, MaskFeatError === module.MaskFeatError);
        ${embed}
      });`;
    writeFileSync(join(app, "consumer.cjs"), code);
    const { code: exit, stdout, stderr } = await node(["consumer.cjs"], app);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+ true true\n\[ 1, 192 \]\n$/);
  });

  it.each(["esm", "cjs"] as const)("runs out of a bundle (%s), away from the package", async (format) => {
    const name = `bundled.${format === "esm" ? "mjs" : "cjs"}`;
    const stdin = { contents: `import { extractFeat } from "maskfeat-wgpu"; ${embed}`, resolveDir: app };
    await build({ stdin, bundle: true, platform: "node", format, outfile: join(folder, name), logLevel: "error" });
    expect(await node([name], folder)).toEqual({ code: 0, stdout: "[ 1, 192 ]\n", stderr: "" });
  });

  it("has a command line, which says what to install", async () => {
    const { code, stdout } = await node([join(installed, manifest.bin["maskfeat-wgpu"]), "info", "--json"], app);
    expect(code).toBe(0);
    const { packages, devices } = JSON.parse(stdout);
    expect(packages.map(({ usable, reason }: Record<string, unknown>) => [usable, reason])).toEqual([
      [false, "is not installed: npm i sharp"],
      [false, "is not installed: npm i webgpu"],
    ]);
    expect(devices[0].reason).toContain("the package webgpu, which is not installed: npm i webgpu");
  });
});

describe("for browsers", () => {
  /** What pages, extensions or service workers do not have or do not allow. */
  const barred = /\bnode:|\bimport\s*\(|\brequire\s*\(|\beval\s*\(|\bnew Function\b/;

  it("gives ImageNet's names apart from all else", async () => {
    const code = await browserBundle(app, 'export * from "maskfeat-wgpu/imagenet";');
    expect(code).not.toMatch(barred);
    expect(code).toContain("tench, Tinca tinca");
    const main = await browserBundle(app, 'export * from "maskfeat-wgpu";');
    expect(main).not.toContain("Tinca tinca");
  });

  it("is one file that imports and evaluates nothing", async () => {
    expect([manifest.jsdelivr, manifest.unpkg]).toEqual(Array(2).fill("./dist/browser.min.js"));
    const file = join(installed, manifest.unpkg);
    // `iife` has no top-level await: esbuild refuses it.
    const options = { bundle: true, write: false, metafile: true, format: "iife" } as const;
    const { metafile } = await build({ ...options, entryPoints: [file], external: ["*"], absWorkingDir: app });
    expect(Object.values(metafile.inputs).flatMap(({ imports }) => imports)).toEqual([]);
    expect(readFileSync(file, "utf8")).not.toMatch(barred);
  });

  it("names nothing of Node's in the data side", async () => {
    const code = await browserBundle(app, 'export * from "maskfeat-wgpu/hog";');
    expect(code).not.toMatch(barred);
  });

  it.each(Object.entries(imports))("takes of the browser code what %s needs", async (name, limit) => {
    expect(await browserBytes(app, name)).toBeLessThan(limit);
  });

  it.each([
    ["browser", ["browser"], "browser.js"],
    ["workerd", ["workerd", "worker", "browser"], "browser.js"],
    ["deno", ["deno", "node"], "node.js"],
    ["bun", ["bun", "node"], "node.js"],
    ["node", ["node"], "node.js"],
    ["no condition", [], "node.js"],
  ])("resolves to the build for %s", async (_name, conditions, expected) => {
    const stdin = { contents: 'import { hog } from "maskfeat-wgpu"; hog();', resolveDir: app };
    const options = { bundle: true, write: false, metafile: true, format: "esm", platform: "neutral" } as const;
    const external = ["node:*"];
    const { metafile } = await build({ ...options, stdin, conditions, external, absWorkingDir: app });
    const files = Object.keys(metafile.inputs).filter((path) => /\/(browser|node)\.js$/.test(path));
    expect(files).toEqual([`node_modules/maskfeat-wgpu/dist/${expected}`]);
  });
});

describe("where no WebAssembly is compiled at run time, as in Cloudflare Workers,", () => {
  /** Runs a module of Node on the browser build, with WebAssembly as workerd has it. */
  async function edge(code: string) {
    const before = `
      import { readFileSync } from "node:fs";
      import { createRequire } from "node:module";
      const file = createRequire(process.cwd() + "/x.js").resolve("maskfeat-wgpu/maskfeat.wasm");
      const wasm = new WebAssembly.Module(readFileSync(file));
      const { Module: Real } = WebAssembly;
      function barred() { throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder"); }
      WebAssembly.Module = Object.assign(barred, { exports: Real.exports });
      WebAssembly.compile = WebAssembly.instantiate = async () => barred();
      delete globalThis.setImmediate;
      delete globalThis.MessageChannel;
      const { blockMask, f16ToF32, getModel, hog, preprocess, useWasm } = await import("./node_modules/maskfeat-wgpu/dist/browser.js");
      const error = (work) => { try { work(); } catch ({ code, message }) { return code + " " + message; } };`;
    const { code: exit, stdout, stderr } = await nodeModule(`${before} ${code}`, app);
    expect([exit, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  }

  it("takes a compiled module, and gives the same bits", async () => {
    const found = await edge(`
      useWasm(wasm);
      const mask = blockMask({ seed: 0 }).data.reduce((a, b) => a + b);
      ${work.replace("const options = {", "const options = { wasm,").replace('"wasm", threads: 1', '"auto"').replace("model.dispose();", "const { device } = model;")}
      console.log(JSON.stringify({ mask, half: f16ToF32(Uint16Array.of(0x3c00))[0], device, result }));`);
    const own = await nodeModule(
      `import ${names} from "maskfeat-wgpu"; ${work} console.log(JSON.stringify(result));`,
      app,
    );
    expect(found).toMatchObject({ mask: 78, half: 1, device: { kind: "wasm", threads: 1, variant: "simd" } });
    expect(found.device.reason).toContain("1 thread");
    expect(found.result).toEqual(JSON.parse(own.stdout));
  });

  it("says the way without one, and refuses another", async () => {
    const found = await edge(`
      const results = [error(() => blockMask({ seed: 0 })), await getModel().catch(({ code, message }) => code + " " + message)];
      results.push(error(() => useWasm(readFileSync(file))), error(() => useWasm(new Real(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)))));
      console.log(JSON.stringify(results));`);
    const way =
      'DEVICE_ABSENT Cloudflare Workers compile no WebAssembly at run time: import wasm from "maskfeat-wgpu/maskfeat.wasm", and call useWasm(wasm) or getModel(name, { wasm })';
    const expected = "OPT_VALUE wasm: expected the WebAssembly.Module of maskfeat-wgpu/maskfeat.wasm, got";
    expect(found).toEqual([way, way, `${expected} [object Uint8Array]`, `${expected} another module`]);
  });

  it("is told by the Node entry, too", async () => {
    const code = `
      import { readFileSync } from "node:fs";
      import { getModel } from "maskfeat-wgpu";
      const wasm = new WebAssembly.Module(readFileSync("node_modules/maskfeat-wgpu/dist/maskfeat.wasm"));
      const { device } = await getModel(${JSON.stringify(smallConfig)}, { weights: "procedural", device: "wasm", wasm });
      console.log(device.threads, device.variant, device.reason);
      await getModel(undefined, { wasm, threads: 2 }).catch(({ message }) => console.log(message));`;
    const why = "the module given as wasm is for one";
    expect(await nodeModule(code, app)).toEqual({
      code: 0,
      stdout: `1 simd asked for; 1 thread: ${why}\nthreads: 2 asked for, but ${why}; leave threads out\n`,
      stderr: "",
    });
  });
});

it("reads few globals, which are slow in the contexts that Jest runs tests in", async () => {
  const contents = `import { getModel } from "maskfeat-wgpu"; scope.getModel = getModel;`;
  const options = { bundle: true, write: false, format: "iife", platform: "browser" } as const;
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: app } });
  let reads = 0;
  // asked whether it has a name before each global is read
  const has = (_: unknown, name: PropertyKey) => {
    reads++;
    return name === "scope";
  };
  const scope: { getModel?: typeof getModel } = {};
  const counted = new Proxy({ scope }, { has });
  new Function("counted", `with (counted) { ${outputFiles[0].text} }`)(counted);
  for (const weights of ["procedural", "init:0"] as const) {
    const options = { weights, device: "wasm", threads: 1, selfTest: "off" } as const;
    const model = await scope.getModel!(smallConfig as PartialConfig, options);
    await model.embed({ data: new Uint8Array(3 * 72 * 64), width: 72, height: 64 });
    model.dispose();
  }
  // the models have a hundred times as many parameters
  expect(reads).toBeLessThan(5_000);
});

describeOn("Chromium", "in Chromium", () => {
  /** Serves `files` under a policy that allows scripts of this origin and WebAssembly, and gives what the page puts in `result`. */
  async function inPage(files: Readonly<Record<string, string>>): Promise<unknown> {
    const server = createServer((request, response) => {
      const path = request.url ?? "/";
      response.setHeader("content-type", path === "/" ? "text/html" : "text/javascript");
      response.setHeader("content-security-policy", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
      response.writeHead(Object.hasOwn(files, path) ? 200 : 404).end(files[path]);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const gpu = softwareGpu();
    const browser = await chromium.launch({
      executablePath: gpu.chromium,
      env: { ...process.env, ...gpu.chromiumEnv },
      args: gpu.chromiumArgs,
    });
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("console", (message) => problems.push(message.text()));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const result = await page.waitForFunction(() => (globalThis as { result?: unknown }).result, undefined, {
        timeout: 60_000,
      });
      expect(problems).toEqual([]);
      return await result.jsonValue();
    } finally {
      await browser.close();
      server.close();
    }
  }

  let expected: unknown;
  beforeAll(async () => {
    const code = `import ${names} from "maskfeat-wgpu"; ${work} console.log(JSON.stringify(result));`;
    const { stdout } = await node([...relaxedFlags, "--input-type=module", "-e", code], app);
    expected = JSON.parse(stdout);
    expect((expected as number[][]).map((bits) => bits.length)).toEqual([197 * 48, 16 * 108]);
  });

  const html = '<!doctype html><script type="module" src="/page.js"></script>';

  it("computes Node's bits in a module script, without a bundler", async () => {
    const page = `import ${names} from "/browser.min.js"; ${work} globalThis.result = result;`;
    const code = readFileSync(join(installed, "dist/browser.min.js"), "utf8");
    expect(await inPage({ "/": html, "/page.js": page, "/browser.min.js": code })).toEqual(expected);
  });

  it("computes Node's bits in esbuild's bundle", async () => {
    const page = `import ${names} from "maskfeat-wgpu"; ${work} globalThis.result = result;`;
    expect(await inPage({ "/": html, "/page.js": await browserBundle(app, page) })).toEqual(expected);
  });
});
