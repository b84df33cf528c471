// Builds the WASM variants from assembly/ and bundles sdk/ into dist/.
import { spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { ascFlags, modules } from "./assembly.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

function node(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`node ${args[0]} exited with ${code}`))));
  });
}

const asc = join(dirname(require.resolve("assemblyscript/package.json")), "bin/asc.js");
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

/** Puts beside the page of the suite all that it fetches, so that any web server can serve the folder. */
async function completeConformance() {
  const to = join(root, "dist/conformance");
  const files = {
    "index.html": "conformance/page/index.html",
    "style.css": "conformance/page/style.css",
    "controls.css": "sdk/demo/style.css",
    "icon.svg": "sdk/demo/icon.svg",
    samples: "sdk/demo/samples",
    "golden/manifest.json": "conformance/golden/manifest.json",
    "golden/quick": "conformance/golden/quick",
  };
  for (const [name, from] of Object.entries(files)) cpSync(join(root, from), join(to, name), { recursive: true });
  const options = {
    bundle: true,
    format: "esm",
    write: false,
    entryPoints: [join(root, "conformance/views/style.ts")],
  };
  const { outputFiles } = await bundle(options);
  const { style } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  writeFileSync(join(to, "report.css"), style);
}

for (const folder of ["dist", "build"]) rmSync(join(root, folder), { recursive: true, force: true });
mkdirSync(join(root, "build"));
try {
  await Promise.all(
    Object.entries(modules).map(([name, { entries, flags }]) =>
      node([asc, ...entries, "-o", `build/${name}.wasm`, ...ascFlags, ...flags]),
    ),
  );
  await node([join(dirname(require.resolve("tsup/package.json")), "dist/cli-default.js"), "--silent"]);
  collectLicences();
  for (const name of ["index.html", "style.css", "icon.svg"]) {
    copyFileSync(join(root, "sdk/demo", name), join(root, "dist/demo", name));
  }
  await completeConformance();
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
