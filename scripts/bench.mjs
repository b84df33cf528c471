// `npm run bench`: times the data side and the models on this machine. `-- --json` prints one JSON object instead of tables;
// `-- load` measures the memory of loading a checkpoint alone;
// `-- --software` runs WebGPU on the software GPU of the dev dependencies, which tells what a call costs the CPU, not how fast GPUs are.

import { spawnSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import * as maskfeat from "../dist/node.js";
import { dataRows } from "./bench/data.mjs";
import { loadRows } from "./bench/load.mjs";
import { modelRows } from "./bench/models.mjs";
import { webgpuRows } from "./bench/webgpu.mjs";
import { softwareGpu } from "./software.mjs";

if (process.argv.includes("--software")) {
  const args = process.argv.slice(1).filter((arg) => arg !== "--software");
  const env = { ...process.env, ...softwareGpu().env };
  process.exit(spawnSync(process.execPath, args, { env, stdio: "inherit" }).status ?? 1);
}

const cores = Math.min(availableParallelism(), 8);
const env = { runtime: maskfeat.runtime, cpu: cpus()[0].model, cores: availableParallelism() };
/** Numbers to three significant digits. */
function rounded(row) {
  const round = (value) => (typeof value === "number" ? Number(value.toPrecision(3)) : value);
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, round(value)]));
}

if (process.argv.includes("load")) {
  const rows = await loadRows(maskfeat);
  if (process.argv.includes("--json")) console.log(JSON.stringify({ rows, env }));
  else console.table(rows.map(rounded));
  process.exit();
}

const data = await dataRows(maskfeat);
const { rows, profile } = await modelRows(maskfeat, cores);
const gpu = await webgpuRows(maskfeat);

function showOps(profile) {
  console.table(profile.map((row) => rounded({ ...row, gflops: row.flops / row.ms / 1e6 })));
}

if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ rows: [...data, ...rows, ...gpu.rows], profile, gpuProfile: gpu.profile, env }));
} else {
  console.log(`${env.cpu}, ${env.cores} cores, ${env.runtime}`);
  console.table([...data, ...rows].map(rounded));
  console.log("The ops of the last model in the table:");
  showOps(profile);
  if (gpu.rows.length === 0) console.log("No WebGPU adapter here.");
  else {
    console.table(gpu.rows.map(rounded));
    console.log("The ops of the last model on WebGPU:");
    showOps(gpu.profile);
  }
}
