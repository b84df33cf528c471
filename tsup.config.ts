import { defineConfig, type Options } from "tsup";

/** The bundled commander is CommonJS and requires Node's own modules. */
const withRequire =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

/** What all bundles share. */
const common: Options = {
  format: "esm",
  splitting: true,
  removeNodeProtocol: false,
  metafile: true,
  loader: { ".wgsl": "text", ".wasm": "binary" },
};

export default defineConfig([
  {
    ...common,
    entry: { node: "sdk/node.ts", cli: "sdk/cli/main.ts" },
    platform: "node",
    target: "node20",
    dts: { entry: { node: "sdk/node.ts" } },
    banner: { js: withRequire },
    external: ["sharp", "webgpu"],
  },
  {
    ...common,
    entry: { browser: "sdk/browser.ts" },
    platform: "browser",
    target: "es2022",
    minify: true,
    dts: true,
  },
  {
    ...common,
    entry: { page: "sdk/demo/page.ts", work: "sdk/demo/work.ts" },
    outDir: "dist/demo",
    splitting: false,
    metafile: false,
    platform: "browser",
    target: "es2022",
    minify: true,
    // the page starts it as a worker, and loads it into the window only where that fails
    external: ["./work.js"],
  },
]);
