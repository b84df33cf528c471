// Runs an npm script of this package after installing and building what is missing. It has no dependencies of its own, so that
// it works on a fresh clone, and it talks on stderr: stdout belongs to the task.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
const userFolder = process.env.INIT_CWD ?? process.cwd();

const vitest = "node_modules/vitest/vitest.mjs";

/** The test files whose random tests `soak` repeats. */
const random = ["fuzz", "graph", "gather", "heap", "json", "sniff", "npy", "npz", "node-platform", "variants"];

/** The task's program, the folder it runs in, and what its environment has besides. */
const tasks = {
  start: { program: "dist/cli.js", cwd: userFolder },
  test: { program: vitest, args: ["run"], cwd: root },
  "conformance:full": { program: "scripts/conformance.mjs", cwd: root },
  mutants: { program: "scripts/mutants.mjs", cwd: root },
  f16: { program: vitest, args: ["run", "f16"], cwd: root, env: { MASKFEAT_F16: "required" } },
  soak: { program: vitest, args: ["run", "--testTimeout=3600000", ...random], cwd: root, env: { MASKFEAT_SOAK: "1" } },
  check: { program: "scripts/check.mjs", cwd: root },
  golden: { program: "scripts/golden.mjs", cwd: root },
  bench: { program: "scripts/bench.mjs", cwd: root },
  fuzz: { program: "scripts/fuzz.mjs", cwd: root },
  swiftshader: { program: "scripts/swiftshader.mjs", cwd: userFolder },
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
function node(program, args, { cwd = root, stdout = "inherit", env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ["inherit", stdout, "inherit"];
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio, env: { ...process.env, ...env } });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
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
async function once(marker, paths, what, work) {
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
    await once("node_modules/.maskfeat-installed", ["package-lock.json"], "installing the development packages", npmCi);
    await once("build/.sources", sources, "building", () => node(join(root, "scripts/build.mjs"), [], { stdout: 2 }));
  });
  const task = tasks[name];
  if (task) process.exitCode = await node(join(root, task.program), [...(task.args ?? []), ...args], task);
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
