// `npm run check`: types, lint, import rules, plain English, package checks, sizes; then a table of lines per folder.
import { execSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { allBadWords } from "./english.mjs";
import { brokenRules, rooms } from "./rooms.mjs";
import { browserBytes, imports, limits } from "./sizes.mjs";

const root = dirname(import.meta.dirname);
const SOURCE = /\.(ts|mjs|wgsl|html|css)$/;
const checks = {
  types: ["node_modules/typescript/bin/tsc", "-p", "."],
  "lint, format": ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
  package: ["node_modules/publint/src/cli.js", "--strict", "--pack", "npm"],
  // all resolutions but that of Node 10, which knows no exports; not the file that only bundlers import
  "types of the package": [
    ...["node_modules/@arethetypeswrong/cli/dist/index.js", "--pack", ".", "--profile", "node16"],
    ...["--exclude-entrypoints", "./maskfeat.wasm"],
  ],
};

function tell(name, passed, ...details) {
  console.log(`${passed ? "ok    " : "FAILED"} ${name}`);
  if (passed) return;
  console.log(...details);
  process.exitCode = 1;
}

for (const [name, [program, ...args]] of Object.entries(checks)) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: "utf8" });
  tell(name, status === 0, stdout, stderr);
}
const broken = brokenRules(root);
tell("import rules", broken.length === 0, broken.join("\n"));
const words = allBadWords(root);
tell("plain English", words.length === 0, words.join("\n"));

const pack = () => JSON.parse(execSync("npm pack --dry-run --ignore-scripts --json", { cwd: root, encoding: "utf8" }));
const file = gzipSync(readFileSync(join(root, "dist/browser.min.js")), { level: 9 }).length;
const sizes = [
  ["tarball", pack()[0].size, limits.tarball],
  ["browser.min.js", file, limits.file],
];
for (const [name, limit] of Object.entries(imports))
  sizes.push([`import ${name}`, await browserBytes(root, name), limit]);
console.log("\nbytes, of at most");
for (const [name, bytes, limit] of sizes) {
  const fits = bytes <= limit;
  if (!fits) process.exitCode = 1;
  console.log(`${String(bytes).padStart(7)}  ${String(limit).padStart(7)} ${name}${fits ? "" : " FAILED"}`);
}

/** Prints a folder's lines, and returns their number. */
function row(folder) {
  const files = readdirSync(join(root, folder), { recursive: true }).filter((name) => SOURCE.test(name));
  const texts = files.map((name) => readFileSync(join(root, folder, name), "utf8"));
  const lines = texts.reduce((sum, text) => sum + text.split("\n").length - 1, 0);
  console.log(`${String(lines).padStart(7)}  ${folder}/`);
  return lines;
}
console.log("\nlines of code");
let total = 0;
for (const folder of ["assembly", "gpu", "sdk", "scripts", "conformance"]) {
  total += row(folder);
  if (folder === "sdk") for (const room of rooms) if (existsSync(join(root, "sdk", room))) row(`sdk/${room}`);
}
console.log(`${String(total).padStart(7)}  of the product`);
row("test");
