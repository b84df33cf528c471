// `npm run conformance:full`: the suite on every device that can be had here, one table over all: at level full, but for software GPUs,
// which take hours for that and run level quick. On Linux x64 WebGPU runs on the software GPU of the development packages (--own-gpu: on
// this machine's); elsewhere on what is there. Other options are those of `conformance`; --level holds for all devices.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { table } from "./bench/table.mjs";
import { fetchDeno } from "./deno.mjs";
import { softwareGpu, softwareGpuRuns } from "./software.mjs";

const root = dirname(import.meta.dirname);
const cli = join(root, "dist/cli.js");
const out = join(root, "maskfeat-conformance");
const given = process.argv.slice(2);
const software = softwareGpuRuns() && !given.includes("--own-gpu") ? softwareGpu() : undefined;
const options = given.filter((option) => option !== "--own-gpu");
const atLevel = (level) => (options.includes("--level") ? options : ["--level", level, ...options]);

const browser = software?.chromium ?? "chromium";
const browserEnv = software && { ...software.chromiumEnv, MASKFEAT_BROWSER_ARGS: software.chromiumArgs.join(" ") };
const deno = fetchDeno();

const [major] = process.versions.node.split(".").map(Number);
const inNode = (title, device, options = "", more = {}) => {
  return { about: `Node, ${title}`, args: `--device ${device} ${options}`.trim().split(" "), ...more };
};
const inChromium = (title, device) => {
  return { about: `Chromium, ${title}`, args: ["--browser", browser, "--device", device], env: browserEnv };
};
const relaxed = [process.execPath, "--experimental-wasm-relaxed-simd", cli];
const denoEnv = { ...software?.env, DENO_DIR: join(root, "node_modules/.cache/deno-dir"), NO_COLOR: "1" };
const inDeno = { about: "Deno, WebGPU (wgpu)", args: ["--device", "webgpu"], env: denoEnv };

/** Name, and how it is run: other builds and dtypes than the defaults, too. */
const devices = {
  "node-wasm": inNode("WASM", "wasm"),
  "node-wasm-f16": inNode("WASM f16", "wasm", "--dtype f16"),
  "node-wasm-int8": inNode("WASM int8", "wasm", "--dtype int8"),
  // relaxed SIMD is what later ones take anyway
  ...(major < 22 && { "node-wasm-relaxed": inNode("WASM relaxed", "wasm", "", { program: relaxed }) }),
  ...(major >= 24 && process.arch === "x64" && { "node-wasm-turbo": inNode("WASM turbo", "wasm", "--turbo") }),
  "chromium-wasm": inChromium("WASM", "wasm"),
  "node-webgpu": inNode("WebGPU (Dawn)", "webgpu", "", { env: software?.env }),
  // the software GPU of the development packages is too slow for more, and has no f16
  ...(!software && { "node-webgpu-f16": inNode("WebGPU f16", "webgpu", "--dtype f16") }),
  "chromium-webgpu": inChromium("WebGPU", "webgpu"),
  ...(deno && { "deno-webgpu": { ...inDeno, program: [deno, "run", "-A", cli] } }),
};

/** The report of one device, or why there is none. */
function run(name, { program = [process.execPath, cli], args, env }) {
  const files = ["--html", join(out, `${name}.html`), "--md", join(out, `${name}.md`), "--json"];
  const level = software && args.includes("webgpu") ? "quick" : "full";
  const [command, ...first] = [...program, "conformance", ...args, ...atLevel(level), ...files];
  const stdio = ["ignore", "pipe", "inherit"];
  const spawned = spawnSync(command, first, { env: { ...process.env, ...env }, stdio, maxBuffer: Infinity });
  const { status, error, stdout } = spawned;
  try {
    const report = JSON.parse(stdout);
    if (report.error) return { code: status, error: report.error.message };
    writeFileSync(join(out, `${name}.json`), JSON.stringify(report));
    return { code: status, report };
  } catch {
    return { code: status ?? 1, error: error?.message ?? `ended with ${status}` };
  }
}

function levelText({ cases, failed, skipped, worst }) {
  if (cases === 0) return `skipped ${skipped}`;
  if (failed > 0) return `**${failed} of ${cases} failed**`;
  return `${cases}${skipped > 0 ? `, ${skipped} skipped` : ""}: ${worst.use.toPrecision(2)}`;
}

/** Column -> text. A device without a report has its reason where the levels are. */
function rowOf(about, { report, error }) {
  if (!report) return { device: about, "C0 device": error };
  const { device, levels, passed, ms, scope } = report;
  const place = `${about}: ${device.adapter ? `${device.adapter}, ` : ""}${device.variant}, level ${scope}`;
  const texts = LEVELS.map((title) => {
    const level = levels.find((one) => title.startsWith(one.level));
    return [title, level && levelText(level)];
  });
  const result = passed ? "PASS" : "FAIL";
  return { device: place, ...Object.fromEntries(texts), result, time: `${Math.round(ms / 1000)} s` };
}

const LEVELS = ["C0 device", "C1 builtins", "C2 kernels", "C3 blocks", "C4 models", "C5 pipeline", "C7 files"];
mkdirSync(out, { recursive: true });
const rows = [];
for (const [name, device] of Object.entries(devices)) {
  process.stderr.write(`${device.about} ...\n`);
  const result = run(name, device);
  // an absent device (3) is reported, and is no failure; on Linux x64 nothing is absent
  if (result.code !== 0 && (result.code !== 3 || software)) process.exitCode = 1;
  rows.push(rowOf(device.about, result));
}
const columns = ["device", ...LEVELS, "result", "time"];
const text = table(rows, Object.fromEntries(columns.map((column) => [column, column])));
writeFileSync(join(out, "table.md"), `${text}\n`);
console.log(text);
