// `npm run check`: types, lint with the import rules, package checks; then a table of lines per folder.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const checks = {
  types: ["node_modules/typescript/bin/tsc", "-p", "."],
  "lint, format, import rules": ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
  package: ["node_modules/publint/src/cli.js", "--strict", "--pack", "npm"],
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

function lines(path) {
  if (statSync(path).isDirectory()) return readdirSync(path).reduce((sum, name) => sum + lines(join(path, name)), 0);
  return /\.(ts|mjs|wgsl|html|css)$/.test(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}
console.log("\nlines of code");
for (const folder of ["assembly", "gpu", "sdk", "scripts", "conformance", "test"]) {
  console.log(`${String(lines(join(root, folder))).padStart(7)}  ${folder}/`);
}
process.exitCode = failed ? 1 : 0;
