// Builds the WASM variants from assembly/ and bundles sdk/ into dist/.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
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

/** Marks, in a list of exported names, those that are types. The bundler of types forgets that of classes. */
const markTypes = (names, values) =>
  names.replace(/(?<=^|, )(?!type )(\w+ as )?(\w+)/g, (item, _, name) =>
    values.includes(name) ? item : `type ${item}`,
  );

/** Completes the types of the entries, and makes what CommonJS takes: a copy of the types, and a file that loads the same ES module. */
async function completeTypes() {
  const dist = join(root, "dist");
  for (const file of readdirSync(dist).filter((name) => name.endsWith(".d.ts"))) {
    const name = file.replace(".d.ts", "");
    // TypeScript before 5.7 knows only one kind of buffer
    let types = readFileSync(join(dist, file), "utf8").replace(/(\w+Array)<ArrayBuffer>/g, 'ReturnType<$1["slice"]>');
    // what entries share has other names, and no code
    if (existsSync(join(dist, `${name}.js`))) {
      const values = Object.keys(await import(pathToFileURL(join(dist, `${name}.js`))));
      types = types.replace(/(?<=^export \{ ).*(?= \})/gm, (names) => markTypes(names, values));
      writeFileSync(join(dist, `${name}.cjs`), `module.exports = require("./${name}.js");\n`);
    }
    writeFileSync(join(dist, file), types);
    writeFileSync(join(dist, `${name}.d.cts`), types.replace(/ from '(\.\/[^']+)\.js'/g, " from '$1.cjs'"));
  }
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
  await completeTypes();
  cpSync(join(root, "build/maskfeat.wasm"), join(root, "dist/maskfeat.wasm"));
  // as the bundlers of edge runtimes import it; the type is that of `wasm` in getModel
  writeFileSync(join(root, "dist/maskfeat.wasm.d.ts"), "declare const module: object;\nexport default module;\n");
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
