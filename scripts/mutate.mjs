// Gathers the mutants of the package, makes one, and runs the conformance suite on it in a process of its own.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import asc from "assemblyscript/asc";
import { build } from "esbuild";
import { ascFlags, modules } from "./assembly.mjs";
import { softwareGpu, softwareGpuRuns } from "./software.mjs";

/**
 * The package with one mistake, the cases that are run, the level of the suite that must find it, and where (conformance/ops/define.ts).
 * @typedef {object} Mutant
 * @property {string} name What is wrong.
 * @property {string} file
 * @property {string} from The text that is replaced; it must occur `times` times.
 * @property {string} to
 * @property {number} [times]
 * @property {string} level
 * @property {string} cases
 * @property {"quick" | "full"} [scope]
 * @property {"wasm" | "webgpu"} device
 * @property {"f16" | "int8"} [dtype]
 * @property {boolean} [quick] Whether `npm test` runs it.
 */

const root = dirname(import.meta.dirname);
const folder = join(root, "node_modules/.cache/mutants");
const execute = promisify(execFile);

/** A run that takes longer than this hangs. */
const PATIENCE = 120_000;

const read = (path) => readFileSync(join(root, path), "utf8");

const loaders = { ".ts": "ts", ".wgsl": "text", ".wasm": "binary" };

/** Bundles a module that stands in the root for Node. */
const bundle = (contents, outfile, plugins) =>
  build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    loader: loaders,
    plugins,
    logLevel: "silent",
  });

/** A file that only this process writes. */
function ownFile(name) {
  mkdirSync(folder, { recursive: true });
  return join(folder, `${process.pid}-${name.replace(/\W+/g, "-")}.mjs`);
}

/** All mutants: they stand beside what they change, in the homes of ops and beside the levels. @returns {Promise<Mutant[]>} */
export async function gatherMutants() {
  const homes = ["conformance/ops", "conformance/levels"]
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => read(path).includes("export const mutants"));
  const path = ownFile("mutants");
  await bundle(homes.map((home, i) => `export { mutants as m${i} } from "./${home}";`).join("\n"), path);
  const exported = await import(pathToFileURL(path).href);
  rmSync(path);
  return homes.flatMap((home, i) => {
    const groups = [exported[`m${i}`]].flat();
    const place = basename(home, ".ts").replace("-mutants", "");
    return groups.flatMap(({ cases, files }) =>
      Object.entries(files).flatMap(([file, mutants]) =>
        mutants.map(([name, from, to, besides]) => {
          const device = extname(file) === ".wgsl" ? "webgpu" : "wasm";
          const common = { name: `${place}: ${name}`, file, from, to, cases, device, ...besides };
          return { ...common, level: common.cases.slice(0, 2) };
        }),
      ),
    );
  });
}

/**
 * The text of the mutant's file with the mutation.
 * @param {Mutant} mutant
 */
export function mutatedText({ name, file, from, to, times = 1 }) {
  const parts = read(file).split(from);
  if (parts.length - 1 === times) return parts.join(to);
  throw new Error(`mutant "${name}": ${file} has ${parts.length - 1} times what is to be replaced, expected ${times}`);
}

/**
 * A module of assembly/ with one source file replaced, compiled in memory.
 * @param {string} module @param {string} file @param {string} text @returns {Promise<Uint8Array>}
 */
async function compileAssembly(module, file, text) {
  const { entries, flags } = modules[module];
  const made = new Map();
  const stderr = asc.createMemoryStream();
  const { error } = await asc.main([...entries, "-o", "made.wasm", ...ascFlags, ...flags], {
    stdout: asc.createMemoryStream(),
    stderr,
    readFile: (path) => (path === file ? text : existsSync(join(root, path)) ? read(path) : null),
    writeFile: (path, contents) => void made.set(path, contents),
    listFiles: () => [],
  });
  const contents = made.get("made.wasm");
  if (error || !(contents instanceof Uint8Array)) throw new Error(`${file}: ${error?.message}\n${stderr.toString()}`);
  return contents;
}

/**
 * What the bundler takes instead of files, by their paths: of assembly/ the modules that run on one thread.
 * @param {Mutant} mutant @returns {Promise<[string, string | Uint8Array][]>}
 */
async function substitutes(mutant) {
  const { file } = mutant;
  const text = mutatedText(mutant);
  if (!file.startsWith("assembly/")) return [[join(root, file), text]];
  const names = file.startsWith("assembly/nn/") ? ["simd", "relaxed"] : ["data"];
  const made = await Promise.all(names.map((name) => compileAssembly(name, file, text)));
  return made.map((contents, i) => [join(root, `build/${names[i]}.wasm`), contents]);
}

/** Runs the suite on the device for each "scope|dtype|pattern of cases", and says what each case found. */
const program = `
  import { conformance, nodeHost } from "./conformance/node.ts";
  const [device, golden, samples, ...wanted] = process.argv.slice(2);
  const host = nodeHost(golden, samples);
  const cases = new Map();
  let error;
  try {
    for (const [scope, dtype, pattern] of wanted.map((text) => text.split("|"))) {
      // software adapters have a kernel of their own; mutants are those of GPUs
      const matmul = device === "webgpu" ? "tiled" : undefined;
      const report = await conformance(host, { scope, dtype, device, matmul, threads: 1, cases: pattern });
      for (const { id, level, status, use, reason } of report.cases) {
        cases.set(dtype + id, { id, level, status, use, reason });
      }
    }
  } catch (thrown) {
    error = String(thrown?.message ?? thrown);
  }
  process.stdout.write(JSON.stringify({ cases: [...cases.values()], error }), () => process.exit());
`;

/** What `program` is to run for a mutant. @param {Mutant} mutant */
const wantedOf = ({ scope = "quick", dtype = "f32", cases }) => `${scope}|${dtype}|${cases}`;

/** @typedef {{ id: string, level: string, status: "passed" | "failed", use: number, reason?: string }} Ran */

/** Why mutants of a device cannot be run here, if they cannot. @param {string} device */
function whyNot(device) {
  if (device !== "webgpu" || process.env.VK_ICD_FILENAMES || softwareGpuRuns()) return undefined;
  return "no software GPU for this machine (it needs Linux on x64 with glibc)";
}

/**
 * Runs the suite with a mutation, or without one.
 * @param {string} name @param {string} device @param {readonly string[]} wanted @param {Mutant} [mutant]
 * @returns {Promise<{ cases: Ran[], error?: string }>}
 */
async function run(name, device, wanted, mutant) {
  const others = new Map(mutant && (await substitutes(mutant)));
  const plugin = {
    name: "mutant",
    setup({ onLoad }) {
      onLoad({ filter: /\.(ts|wgsl|wasm)$/ }, ({ path }) => {
        const contents = others.get(path);
        return contents && { contents, loader: loaders[extname(path)] };
      });
    },
  };
  const path = ownFile(name);
  const env = { ...process.env, ...(device === "webgpu" && !process.env.VK_ICD_FILENAMES && softwareGpu().env) };
  const args = [path, device, join(root, "conformance/golden"), join(root, "sdk/demo/samples"), ...wanted];
  const options = { env, timeout: PATIENCE, killSignal: "SIGKILL", maxBuffer: Infinity };
  try {
    await bundle(program, path, [plugin]);
    const ended = await execute(process.execPath, args, options).catch((error) => error);
    if (ended.stdout) return JSON.parse(ended.stdout);
    const { signal, code = 0, stderr } = ended;
    return { cases: [], error: `the run ended with ${signal ?? code}: ${stderr.trim().split("\n").at(-1)}` };
  } finally {
    rmSync(path, { force: true });
  }
}

/** @typedef {{ name: string, level: string, device: string, ms: number, skipped?: string, caught?: string, use?: number, failed: number, cases: number, why?: string }} Outcome */

/**
 * Runs the cases that must catch a mutant. Without `caught` and `skipped` it survived, and `why` says how.
 * @param {Mutant} mutant @returns {Promise<Outcome>}
 */
export async function tryMutant(mutant) {
  const { name, level, device } = mutant;
  const started = performance.now();
  const skipped = whyNot(device);
  if (skipped) return { name, level, device, ms: 0, skipped, failed: 0, cases: 0 };
  const { cases, error } = await run(name, device, [wantedOf(mutant)], mutant);
  const failed = cases.filter((c) => c.level === level && c.status === "failed");
  const worst = failed.reduce((a, b) => (a && a.use >= b.use ? a : b), undefined);
  const common = { name, level, device, ms: performance.now() - started, failed: failed.length, cases: cases.length };
  if (worst) return { ...common, caught: worst.id, use: worst.use };
  return { ...common, why: error ?? "all cases passed" };
}

/**
 * What fails of the mutants' cases without a mutation: names of cases, and errors. It must be nothing.
 * @param {readonly Mutant[]} mutants @returns {Promise<string[]>}
 */
export async function tryUnmutated(mutants) {
  const wrong = [];
  for (const device of ["wasm", "webgpu"]) {
    const wanted = [...new Set(mutants.filter((m) => m.device === device).map(wantedOf))];
    if (wanted.length === 0 || whyNot(device)) continue;
    const { cases, error } = await run(`unmutated-${device}`, device, wanted);
    wrong.push(...cases.filter((c) => c.status === "failed").map((c) => `${device}: ${c.id} uses ${c.use}`));
    if (error) wrong.push(`${device}: ${error}`);
  }
  return wrong;
}
