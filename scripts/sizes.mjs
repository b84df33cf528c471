// What people download, measured as they get it. `npm run check` and the test of the package hold it to the limits.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** In bytes: the tarball; dist/browser.min.js, which has the whole API, gzipped. */
export const limits = { tarball: 3_000_000, file: 110_000 };

/** The most that a bundler may take of the browser code for each import: bytes, gzipped, WASM and WGSL included. */
export const imports = { getModel: 98_000, embed: 98_500, hog: 15_000, cosineSimilarity: 3_000, MaskFeatError: 1_000 };

/** esbuild's minified bundle for browsers of `code`, a module of an app in `folder`, in which the package can be found. */
export async function browserBundle(folder, code) {
  const options = { bundle: true, minify: true, format: "esm", platform: "browser", write: false };
  const { outputFiles } = await build({ ...options, stdin: { contents: code, resolveDir: folder } });
  return outputFiles[0].text;
}

/** Bytes of the browser code for an import of `name` over a connection that compresses. */
export async function browserBytes(folder, name) {
  const code = `import { ${name} } from "maskfeat-wgpu"; globalThis.used = ${name};`;
  return gzipSync(await browserBundle(folder, code)).length;
}
