// Bundles what the benchmark needs of the package's inside (contenders/*.ts) from the sources, as scripts/build bundles the package.

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

export const root = dirname(dirname(import.meta.dirname));

/** Where files lie that are made once: git ignores it. */
export const cache = join(root, ".cache/bench");
mkdirSync(cache, { recursive: true });

/** The path of a file or folder there; `make(path)` writes it whole or not at all, unless it is there. */
export async function once(name, make) {
  const path = join(cache, name);
  if (existsSync(path)) return path;
  const unfinished = `${path}.${process.pid}`;
  await make(unfinished);
  // another run may have been faster
  if (existsSync(path)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, path);
  return path;
}

/** The path of a module with `open` (`{ inside: "ops" | "counts", ...spec }`: ops.ts, counts.ts) and `parametersOf` (weights.ts), for "node" or "browser". */
export async function insideModule(platform) {
  const outfile = join(cache, `inside-${platform}.mjs`);
  const contents = `
    import { callsOf, matmuls, openCounts } from "./scripts/bench/contenders/counts.ts";
    import { openOps } from "./scripts/bench/contenders/ops.ts";
    import { ${platform}Platform } from "./sdk/platform/${platform}.ts";
    const openers = { ops: openOps, counts: openCounts };
    export const open = ({ inside, ...spec }) => openers[inside](${platform}Platform, spec);
    export const dispatchesOf = (model) => callsOf(model, 1).length;
    export { matmuls };
    export { parametersOf } from "./scripts/bench/contenders/weights.ts";`;
  await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    platform: platform === "node" ? "node" : "browser",
    target: "es2022",
    loader: { ".wasm": "binary", ".wgsl": "text" },
    external: ["node:*", "sharp", "webgpu"],
    logLevel: "error",
  });
  return outfile;
}

/** As `insideModule`, for Node, loaded here. */
export const inside = async () => import(pathToFileURL(await insideModule("node")).href);
