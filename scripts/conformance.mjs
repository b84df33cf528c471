// `npm run conformance:full`: the suite on every device that can be had here, one table over all. On Linux x64 WebGPU runs on the software
// GPU of the development packages (--own-gpu: on this machine's); elsewhere on what is there. Other options are those of `conformance`.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchDeno } from "./deno.mjs";
import { softwareGpu, softwareGpuRuns } from "./software.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(root, "dist/cli.js");
const out = join(root, "maskfeat-conformance");
const given = process.argv.slice(2);
const software = softwareGpuRuns() && !given.includes("--own-gpu") ? softwareGpu() : undefined;
const options = given.filter((option) => option !== "--own-gpu");
if (!options.includes("--level")) options.unshift("--level", "full");

const browser = software?.chromium ?? "chromium";
const browserEnv = software && { ...software.chromiumEnv, MASKFEAT_BROWSER_ARGS: software.chromiumArgs.join(" ") };
const deno = fetchDeno();

/** The builds and types of numbers of WASM that Node has beside the default. */
const [major] = process.versions.node.split(".").map(Number);
const inNode =
  (title, device) =>
  (about, ...args) => ({ about: `Node, ${title} ${about}`, args: ["--device", device, ...args] });
const wasm = inNode("WASM", "wasm");
const builds = {
  "node-wasm-f16": wasm("f16", "--dtype", "f16"),
  "node-wasm-int8": wasm("int8", "--dtype", "int8"),
  // relaxed SIMD is what later ones take anyway
  ...(major < 22 && {
    "node-wasm-relaxed": { ...wasm("relaxed"), program: [process.execPath, "--experimental-wasm-relaxed-simd", cli] },
  }),
  ...(major >= 24 && process.arch === "x64" && { "node-wasm-turbo": wasm("turbo", "--turbo") }),
};

/** What WebGPU has beside the default on GPUs; the software one of the development packages is too slow for more, and has no f16. */
const webgpu = inNode("WebGPU", "webgpu");
const gpuKernels = {
  "node-webgpu-f16": webgpu("f16", "--dtype", "f16"),
  "node-webgpu-subgroups": webgpu("subgroups", "--matmul", "subgroups"),
  "node-webgpu-subgroup-matrix": webgpu("subgroup-matrix", "--matmul", "subgroup-matrix"),
  "node-webgpu-f16-subgroup-matrix": webgpu("f16 subgroup-matrix", "--dtype", "f16", "--matmul", "subgroup-matrix"),
};

/** Name, and how it is run. */
const devices = {
  "node-wasm": { about: "Node, WASM", args: ["--device", "wasm"] },
  ...builds,
  "chromium-wasm": { about: "Chromium, WASM", args: ["--browser", browser, "--device", "wasm"], env: browserEnv },
  "node-webgpu": { about: "Node, WebGPU (Dawn)", args: ["--device", "webgpu"], env: software?.env },
  ...(!software && gpuKernels),
  "chromium-webgpu": { about: "Chromium, WebGPU", args: ["--browser", browser, "--device", "webgpu"], env: browserEnv },
  ...(deno && {
    "deno-webgpu": {
      about: "Deno, WebGPU (wgpu)",
      program: [deno, "run", "-A", cli],
      args: ["--device", "webgpu"],
      env: { ...software?.env, DENO_DIR: join(root, "node_modules/.cache/deno-dir"), NO_COLOR: "1" },
    },
  }),
};

/** The report of one device, or why there is none. */
function run(name, { program = [process.execPath, cli], args, env }) {
  const files = ["--html", join(out, `${name}.html`), "--md", join(out, `${name}.md`), "--json"];
  const [command, ...first] = [...program, "conformance", ...args, ...options, ...files];
  return new Promise((resolve) => {
    const child = spawn(command, first, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
    const parts = [];
    child.stdout.on("data", (part) => parts.push(part));
    child.on("error", (error) => resolve({ code: 1, error: error.message }));
    child.on("exit", (code) => {
      try {
        const report = JSON.parse(Buffer.concat(parts).toString());
        if (!report.error) writeFileSync(join(out, `${name}.json`), JSON.stringify(report));
        resolve(report.error ? { code, error: report.error.message } : { code, report });
      } catch {
        resolve({ code: code ?? 1, error: `ended with ${code}` });
      }
    });
  });
}

const levelText = ({ cases, failed, skipped, worst }) => {
  if (cases === 0) return `skipped ${skipped}`;
  const left = skipped > 0 ? `, ${skipped} skipped` : "";
  return failed > 0 ? `**${failed} of ${cases} failed**` : `${cases}${left}: ${worst.use.toPrecision(2)}`;
};

function row(about, { report, error }) {
  if (!report) return `| ${about} | ${error} |`;
  const cells = ["C0", "C1", "C2", "C3", "C4", "C5"].map((name) => {
    const level = report.levels.find((l) => l.level === name);
    return level ? levelText(level) : "";
  });
  const { adapter, variant } = report.device;
  return `| ${about}: ${adapter ? `${adapter}, ` : ""}${variant} | ${cells.join(" | ")} | ${report.passed ? "PASS" : "FAIL"} | ${Math.round(report.ms / 1000)} s |`;
}

mkdirSync(out, { recursive: true });
const rows = [];
let failed = false;
for (const [name, device] of Object.entries(devices)) {
  process.stderr.write(`${device.about} ...\n`);
  const result = await run(name, device);
  // absent (3) is told, and is no failure; on Linux x64 nothing is absent
  failed ||= result.code !== 0 && (result.code !== 3 || software !== undefined);
  rows.push(row(device.about, result));
}
const header =
  "| device | C0 device | C1 builtins | C2 kernels | C3 blocks | C4 models | C5 pipeline | result | time |";
const table = [header, header.replaceAll(/[^|]+/g, " --- ").replace(/^ --- | --- $/g, ""), ...rows].join("\n");
writeFileSync(join(out, "table.md"), `${table}\n`);
console.log(table);
process.exitCode = failed ? 1 : 0;
