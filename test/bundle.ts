/** Bundles a module of the tests for a runtime that reads no TypeScript. */

import { build } from "esbuild";

/** The text of one ES module. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["node:*"],
    loader: { ".wasm": "binary", ".wgsl": "text" },
    write: false,
  });
  return outputFiles[0].text;
}
