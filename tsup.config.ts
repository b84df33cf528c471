import { defineConfig } from "tsup";

export default defineConfig({
  entry: { node: "sdk/node.ts", cli: "sdk/cli/main.ts" },
  format: "esm",
  platform: "node",
  target: "node20",
  splitting: true,
  clean: true,
  dts: { entry: { node: "sdk/node.ts" } },
  removeNodeProtocol: false,
  external: ["sharp", "webgpu"],
  loader: { ".wgsl": "text", ".wasm": "binary" },
});
