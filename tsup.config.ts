import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";

/** The bundled commander is CommonJS and requires Node's own modules. */
const withRequire =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

const { engines } = JSON.parse(readFileSync("package.json", "utf8"));

/** Says in one line that Node is too old, before anything of the command line is run (sdk/platform/node.ts is for all other uses). */
const withVersion = `if (!process.versions.bun && !process.versions.deno && parseInt(process.versions.node) < ${/\d+/.exec(engines.node)}) {
  console.error("maskfeat-wgpu: Node ${engines.node} is needed, and this is Node " + process.versions.node);
  process.exit(1);
}`;

/** Keeps `build/inputs/<name>.json`: the files that went into a bundle, whose licences are collected. */
function inputs(name: string): NonNullable<Options["esbuildPlugins"]>[number] {
  return {
    name: "inputs",
    setup({ onEnd }) {
      onEnd(({ metafile }) => {
        mkdirSync("build/inputs", { recursive: true });
        writeFileSync(`build/inputs/${name}.json`, JSON.stringify(Object.keys(metafile?.inputs ?? {})));
      });
    },
  };
}

/** Kernels without comments and indentation, which browsers would download; the first line may name the files that a kernel goes with. */
const kernels: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "kernels",
  setup({ onLoad }) {
    onLoad({ filter: /\.wgsl$/ }, ({ path }) => {
      const lines = readFileSync(path, "utf8").split("\n");
      const kept = lines.map((line) => line.replace(/\/\/(?! with ).*/, "").trim()).filter(Boolean);
      return { contents: kept.join("\n"), loader: "text" };
    });
  },
};

/** WASM's SIMD instructions begin with this byte, the most frequent one but for 0. */
const SIMD = 0xfd;
/** The first of 90 characters that stand for numbers, of which JSON and bundlers escape only one; after them come the marks } and ~. */
const [FIRST, DIGITS] = [35, 90];

/**
 * Bytes as text of one ASCII character each, or two: a mark says how many times 90 is to be added. Compressed on their way to browsers,
 * builds that differ in little then take little room beside each other: base64, in which the same bytes look different in three ways, would
 * take twice as much.
 */
function textOf(data: Uint8Array): string {
  const characters = Array.from(data, (byte) => {
    const value = (byte - SIMD + 256) % 256;
    const times = Math.floor(value / DIGITS);
    const digit = String.fromCharCode(FIRST + (value % DIGITS));
    return times > 0 ? String.fromCharCode(FIRST + DIGITS + times - 1) + digit : digit;
  });
  return characters.join("");
}

/** `textOf` undone, as code. */
const decoder = `(text) => {
  const bytes = [];
  for (let i = 0, times = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ${FIRST};
    if (digit < ${DIGITS}) {
      bytes.push(${DIGITS} * times + digit + ${SIMD});
      times = 0;
    } else times = digit - ${DIGITS - 1};
  }
  return Uint8Array.from(bytes);
}`;

const bytes: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "bytes",
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm$/ }, ({ path }) => {
      const text = JSON.stringify(textOf(readFileSync(path)));
      return { contents: `export default /* @__PURE__ */ (${decoder})(${text});` };
    });
  },
};

/** What all bundles share. */
const common: Options = {
  format: "esm",
  target: "es2022",
  removeNodeProtocol: false,
  esbuildOptions(options) {
    options.charset = "utf8";
  },
};

export default defineConfig([
  {
    ...common,
    // One chunk for both, so that an error is an instance of the same class whichever entry threw it. `hog` must run in browsers too:
    // libraries are taken in their neutral builds.
    entry: { node: "sdk/entries/node.ts", hog: "sdk/entries/hog.ts", imagenet: "sdk/config/imagenet.ts" },
    splitting: true,
    platform: "neutral",
    external: [/^node:/],
    esbuildPlugins: [kernels, bytes, inputs("node")],
    dts: {
      // those of browsers are Node's; scripts/build.mjs completes them
      entry: { node: "sdk/entries/node.ts", hog: "sdk/entries/hog.ts", imagenet: "sdk/config/imagenet.ts" },
      compilerOptions: { stripInternal: true },
      // For `Symbol.dispose`, which the libraries of ES2022 do not know.
      banner: '/// <reference lib="esnext.disposable" />',
    },
  },
  {
    ...common,
    entry: { cli: "sdk/cli/main.ts" },
    platform: "node",
    splitting: false,
    banner: { js: `${withRequire}\n${withVersion}` },
    esbuildPlugins: [kernels, bytes, inputs("cli")],
  },
  {
    ...common,
    // For bundlers: minified, it would lose the comments that tell them what they can leave out.
    entry: { browser: "sdk/entries/browser.ts" },
    platform: "browser",
    splitting: false,
    esbuildPlugins: [kernels, bytes, inputs("browser")],
  },
  {
    ...common,
    // For pages without a bundler.
    entry: { "browser.min": "sdk/entries/browser.ts" },
    platform: "browser",
    splitting: false,
    minify: true,
    // This file is served on its own; a comment like this one survives the bundlers of others, too.
    banner: { js: "/*! maskfeat-wgpu, MIT License; the licences of bundled libraries: LICENSES.txt in the package */" },
    esbuildPlugins: [kernels, bytes],
  },
  {
    ...common,
    esbuildPlugins: [kernels, bytes],
    entry: { page: "sdk/demo/page.ts", work: "sdk/demo/work.ts" },
    outDir: "dist/demo",
    splitting: false,
    metafile: false,
    platform: "browser",
    target: "es2022",
    minify: true,
    // the page starts it as a worker, and loads it into the window only if that fails
    external: ["./work.js"],
  },
  {
    ...common,
    esbuildPlugins: [kernels, bytes],
    entry: { page: "conformance/page/page.ts", work: "conformance/page/work.ts" },
    outDir: "dist/conformance",
    splitting: false,
    platform: "browser",
    minify: true,
  },
]);
