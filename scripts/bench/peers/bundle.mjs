// TensorFlow.js in one file for Node or browsers: its packages have none that both can load.

import { join } from "node:path";
import { build } from "esbuild";
import { cache } from "../inside.mjs";
import { peersFolder } from "./install.mjs";

/** Path of a module with `tf`, and the settings of its WASM backend. */
export async function tfjsModule(platform) {
  const inNode = platform === "node";
  const outfile = join(cache, inNode ? "tfjs-node.cjs" : "tfjs-browser.mjs");
  const contents = `
    export * as tf from "@tensorflow/tfjs-core";
    export { setWasmPaths, setThreadsCount, getThreadsCount } from "@tensorflow/tfjs-backend-wasm";
    ${inNode ? "" : 'import "@tensorflow/tfjs-backend-webgpu";'}`;
  await build({
    stdin: { contents, resolveDir: peersFolder },
    outfile,
    bundle: true,
    platform,
    format: inNode ? "cjs" : "esm",
    target: "es2022",
    logLevel: "error",
  });
  return outfile;
}
