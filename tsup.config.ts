import { defineConfig } from "tsup";

/** The bundled commander is CommonJS and requires Node's own modules. */
const withRequire =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

export default defineConfig({
  entry: { node: "sdk/node.ts", cli: "sdk/cli/main.ts" },
  format: "esm",
  platform: "node",
  target: "node20",
  splitting: true,
  clean: true,
  dts: { entry: { node: "sdk/node.ts" } },
  removeNodeProtocol: false,
  banner: { js: withRequire },
  external: ["sharp", "webgpu"],
  metafile: true,
  loader: { ".wgsl": "text", ".wasm": "binary" },
});
