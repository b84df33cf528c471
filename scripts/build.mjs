// Builds the WASM variants from assembly/ and bundles sdk/ into dist/.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build as bundle } from "esbuild";
import { ascFlags, modules } from "./assembly.mjs";

const root = dirname(import.meta.dirname);

async function node(args) {
  const [code] = await once(spawn(process.execPath, args, { cwd: root, stdio: "inherit" }), "exit");
  if (code !== 0) throw new Error(`node ${args[0]} exited with ${code}`);
}

/** Where the text of a licence stands, for packages that name it and come without a copy. */
const copies = { "Apache-2.0": "typescript/LICENSE.txt" };

/** Writes dist/LICENSES.txt: the licence of every package that a bundle contains. */
function collectLicences() {
  const folder = join(root, "build/inputs");
  const paths = readdirSync(folder).flatMap((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
  const names = paths.map((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  const texts = [...new Set(names.filter(Boolean))].sort().map((name) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const own = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const file = own ? join(folder, own) : copies[license] && join(root, "node_modules", copies[license]);
    if (!file) throw new Error(`${name}: no licence file to collect`);
    return `${name} ${version}\n\n${readFileSync(file, "utf8").trim()}\n`;
  });
  writeFileSync(join(root, "dist/LICENSES.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));
}

/** What a module of TypeScript exports. */
async function exportsOf(entry) {
  // kernels are met on the way, and left out as unused
  const loader = { ".wgsl": "text", ".wasm": "binary" };
  const options = { bundle: true, format: "esm", write: false, loader, entryPoints: [join(root, entry)] };
  const { outputFiles } = await bundle(options);
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

/** Puts beside the scripts of a page all that it fetches: `index.ts` of the folder `from` holds the page, `more` are other files. */
async function completePage(from, to, more = {}) {
  const { index } = await exportsOf(`${from}/index.ts`);
  const { style } = await exportsOf("sdk/report/style.ts");
  writeFileSync(join(root, to, "index.html"), index);
  writeFileSync(join(root, to, "style.css"), style);
  for (const [name, path] of Object.entries({ "icon.svg": "sdk/demo/icon.svg", ...more })) {
    cpSync(join(root, path), join(root, to, name), { recursive: true });
  }
}

for (const folder of ["dist", "build"]) rmSync(join(root, folder), { recursive: true, force: true });
mkdirSync(join(root, "build"));
try {
  await Promise.all(
    Object.entries(modules).map(([name, { entries, flags }]) =>
      node(["node_modules/assemblyscript/bin/asc.js", ...entries, "-o", `build/${name}.wasm`, ...ascFlags, ...flags]),
    ),
  );
  await node(["node_modules/tsup/dist/cli-default.js", "--silent"]);
  collectLicences();
  await completePage("sdk/demo", "dist/demo");
  await completePage("conformance/page", "dist/conformance", {
    samples: "sdk/demo/samples",
    "golden/manifest.json": "conformance/golden/manifest.json",
    "golden/quick": "conformance/golden/quick",
  });
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
