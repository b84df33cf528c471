// What people download, measured as they get it. `npm run check` and the test of the package hold it to the limits.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/**
 * In bytes: the tarball; gzipped, WASM and WGSL included: what a bundler takes of the browser code to a first feature, and dist/browser.js,
 * which has the whole API.
 */
export const limits = { tarball: 3_000_000, browser: 98_000, file: 110_000 };

const FIRST_FEATURE = 'import { getModel } from "maskfeat-wgpu"; globalThis.getModel = getModel;';

/** esbuild's minified bundle for browsers of `code`, a module of an app in `folder`, in which the package can be found. */
export async function browserBundle(folder, code = FIRST_FEATURE) {
  const options = { bundle: true, minify: true, format: "esm", platform: "browser", write: false };
  const { outputFiles } = await build({ ...options, stdin: { contents: code, resolveDir: folder } });
  return outputFiles[0].text;
}

/** Bytes of the browser code to a first feature over a connection that compresses. */
export async function browserBytes(folder) {
  return gzipSync(await browserBundle(folder)).length;
}
