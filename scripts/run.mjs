// Runs an npm script of this package after installing and building what is missing. It has no dependencies of its own, so that
// it works in a new clone, and it talks on stderr: stdout belongs to the task.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
const userFolder = process.env.INIT_CWD ?? process.cwd();

const vitest = "node_modules/vitest/vitest.mjs";

/** The test files of which `soak` runs more. */
const longer =
  "fuzz graph gather heap json sniff npy npz node-platform pages variants subgroup-matrix webgpu conformance.test".split(
    " ",
  );

/** The task's program, the folder that it runs in instead of the root, the command if none is given, and what its environment has besides. */
const tasks = {
  start: { program: "dist/cli.js", cwd: userFolder, command: "demo" },
  test: { program: vitest, args: ["run"] },
  "conformance:full": { program: "scripts/conformance.mjs" },
  mutants: { program: "scripts/mutants.mjs" },
  f16: { program: vitest, args: ["run", "f16"], env: { MASKFEAT_F16: "required" } },
  soak: { program: vitest, args: ["run", "--testTimeout=3600000", ...longer], env: { MASKFEAT_SOAK: "1" } },
  check: { program: "scripts/check.mjs" },
  golden: { program: "scripts/golden.mjs" },
  bench: { program: "scripts/bench.mjs" },
  fuzz: { program: "scripts/fuzz.mjs" },
  swiftshader: { program: "dist/cli.js", cwd: userFolder, software: true },
  build: undefined,
};

/** What the built files are made from. */
const sources = [
  "assembly",
  "gpu",
  "sdk",
  "conformance",
  "scripts/assembly.mjs",
  "scripts/build.mjs",
  "tsup.config.ts",
  "tsconfig.json",
  "package.json",
];

const say = (text) => process.stderr.write(`maskfeat-wgpu: ${text}\n`);

/** Resolves to the exit code of `node <program> <args>`. An interrupt reaches the child too, and its answer counts. */
async function node(program, args, { cwd = root, stdout = "inherit", env = process.env } = {}) {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ["inherit", stdout, "inherit"], env });
  const [code, signal] = await once(child, "exit");
  return code ?? (signal === "SIGINT" ? 130 : 1);
}

/** A task's environment: `npm run -s swiftshader -- <command ...>` has WebGPU on the software adapter of the dev dependencies. */
async function environmentOf({ env, software }) {
  if (!software) return { ...process.env, ...env };
  const { softwareGpu, softwareGpuRuns } = await import("./software.mjs");
  if (softwareGpuRuns()) return { MASKFEAT_DEVICE: "webgpu", ...process.env, ...softwareGpu().env };
  process.stderr.write("swiftshader: the software adapter is built for Linux x64 with glibc\n");
  process.exit(3);
}

function files(path) {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).sort();
  return names.flatMap((name) => files(join(path, name)));
}

function hashOf(paths) {
  const hash = createHash("sha256").update(process.version);
  for (const path of paths.flatMap((p) => files(join(root, p)))) hash.update(path).update(readFileSync(path));
  return hash.digest("hex");
}

/** Runs `work` unless `marker` says that it was done for exactly these files. */
async function make(marker, paths, what, work) {
  const path = join(root, marker);
  const hash = hashOf(paths);
  if (existsSync(path) && readFileSync(path, "utf8") === hash) return;
  say(`${what} ...`);
  rmSync(path, { force: true });
  const code = await work();
  if (code !== 0) {
    say(`${what} failed; see the lines above`);
    process.exit(code);
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hash);
}

/** No package's install script is run: none is needed, and newer npms bar them anyway. */
function npmCi() {
  const npm = process.env.npm_execpath;
  if (!npm) throw new Error("run this through npm: npm start, npm test, npm run build");
  return node(npm, ["ci", "--ignore-scripts", "--no-progress", "--no-fund", "--no-audit"], { stdout: 2 });
}

/** Whether a process runs; 0 stands for one that has not written its number yet. */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Takes the lock, or returns false where another process that still runs has it. */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const owner = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
    if (!alive(owner)) rmSync(lock, { force: true });
    return false;
  }
}

/** Holds the folder for one bootstrap at a time: two first runs in one clone must not install over each other. */
async function locked(work) {
  const lock = join(root, ".bootstrap.lock");
  for (let waited = 0; !take(lock); waited++) {
    if (waited === 5) say("waiting for another run that installs or builds here (.bootstrap.lock)");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(lock, { force: true });
  process.on("exit", release);
  await work();
  release();
  process.off("exit", release);
}

const [name, ...args] = process.argv.slice(2);
if (!Object.hasOwn(tasks, name)) {
  say(`unknown task ${JSON.stringify(name)}; the tasks are ${Object.keys(tasks).join(", ")}`);
  process.exit(2);
}
process.on("SIGINT", () => {});
try {
  await locked(async () => {
    await make("node_modules/.maskfeat-installed", ["package-lock.json"], "installing the development packages", npmCi);
    await make("build/.sources", sources, "building", () => node(join(root, "scripts/build.mjs"), [], { stdout: 2 }));
  });
  const task = tasks[name];
  if (task) {
    const options = { cwd: task.cwd, env: await environmentOf(task) };
    const own = ["-h", "--help", "-V", "--version"];
    const isCommand = args.length > 0 && (!args[0].startsWith("-") || own.includes(args[0]));
    const command = task.command && !isCommand ? [task.command] : [];
    process.exitCode = await node(join(root, task.program), [...(task.args ?? []), ...command, ...args], options);
  }
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
