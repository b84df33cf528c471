// `npm run bench`: measures the package on this machine, in parts; scripts/bench/README.md says what and how.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromiumHost } from "./bench/browser.mjs";
import { root } from "./bench/inside.mjs";
import { environment, environmentText } from "./bench/machine.mjs";
import { nodeProgram } from "./bench/node.mjs";
import { readOptions } from "./bench/options.mjs";
import { parts } from "./bench/parts.mjs";
import { nodeHost } from "./bench/process.mjs";
import { softwareGpu } from "./software.mjs";

const options = readOptions(process.argv.slice(2));

/** Under another Node, or with the software GPU, the same command runs in a process of its own. */
function elsewhere() {
  const program = options.node ? nodeProgram(options.node) : process.execPath;
  const env = { ...process.env, ...(options.software ? softwareGpu().env : {}) };
  return spawnSync(program, [process.argv[1], ...options.rest], { env, stdio: "inherit" }).status ?? 1;
}

if (options.node || options.software) process.exit(elsewhere());

const note = (text) => process.stderr.write(`bench: ${text}\n`);
const entry = pathToFileURL(join(root, "dist/node.js")).href;
const maskfeat = await import(entry);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const inNode = { ...nodeHost, entry, url: (path) => pathToFileURL(path).href, path: (path) => path };
const host = options.browser ? await chromiumHost() : inNode;
const env = environment({ runtime: host.runtime ?? maskfeat.runtime }, version);
if (!options.json) console.log(environmentText(env));

const [gpu] = await maskfeat.devices();
if (!options.browser && !gpu.available) {
  note(`no WebGPU: ${gpu.reason}`);
  options.combos = options.combos.filter(({ device }) => device !== "webgpu");
}

const report = { rows: [], env };
try {
  for (const part of options.parts) {
    note(`${part} ...`);
    const { rows, text, failed, ...more } = await parts[part]({ ...options, host, maskfeat, gpu, note });
    report.rows.push(...rows);
    Object.assign(report, more);
    if (!options.json) console.log(`\n${text}`);
    if (failed) process.exitCode = 1;
  }
} finally {
  await host.close();
}
if (options.json) console.log(JSON.stringify(report));
