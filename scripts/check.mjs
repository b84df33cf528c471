// `npm run check`: types, lint, import rules, package checks, sizes; then a table of lines per folder.
import { execSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { brokenRules, rooms } from "./rooms.mjs";
import { browserBytes, limits } from "./sizes.mjs";

const root = dirname(import.meta.dirname);
const checks = {
  types: ["node_modules/typescript/bin/tsc", "-p", "."],
  "lint, format": ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
  package: ["node_modules/publint/src/cli.js", "--strict", "--pack", "npm"],
  // ES modules alone: Node's `require` loads them since 20.19, but the types of older resolutions have no word for that.
  "types of the package": ["node_modules/@arethetypeswrong/cli/dist/index.js", "--pack", ".", "--profile", "esm-only"],
};

let failed = false;
for (const [name, [program, ...args]] of Object.entries(checks)) {
  const run = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: "utf8" });
  console.log(`${run.status === 0 ? "ok    " : "FAILED"} ${name}`);
  if (run.status !== 0) {
    failed = true;
    console.log(run.stdout, run.stderr);
  }
}

const broken = brokenRules(root);
console.log(`${broken.length === 0 ? "ok    " : "FAILED"} import rules`);
for (const line of broken) console.log(line);
if (broken.length > 0) failed = true;

const pack = () => JSON.parse(execSync("npm pack --dry-run --ignore-scripts --json", { cwd: root, encoding: "utf8" }));
const file = gzipSync(readFileSync(join(root, "dist/browser.js")), { level: 9 }).length;
const sizes = { tarball: pack()[0].size, browser: await browserBytes(root), file };
console.log("\nbytes, of at most");
for (const [name, bytes] of Object.entries(sizes)) {
  const fits = bytes <= limits[name];
  if (!fits) failed = true;
  console.log(`${String(bytes).padStart(7)}  ${limits[name]} ${name}${fits ? "" : " FAILED"}`);
}

function lines(path) {
  if (statSync(path).isDirectory()) return readdirSync(path).reduce((sum, name) => sum + lines(join(path, name)), 0);
  return /\.(ts|mjs|wgsl|html|css)$/.test(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}
console.log("\nlines of code");
const counted = ["assembly", "gpu", "sdk", "scripts", "conformance"];
const row = (folder) => console.log(`${String(lines(join(root, folder))).padStart(7)}  ${folder}/`);
for (const folder of counted) {
  row(folder);
  if (folder === "sdk")
    for (const room of rooms.filter((room) => existsSync(join(root, "sdk", room)))) row(`sdk/${room}`);
}
const total = counted.reduce((sum, folder) => sum + lines(join(root, folder)), 0);
console.log(`${String(total).padStart(7)}  of the product`);
row("test");
process.exitCode = failed ? 1 : 0;
