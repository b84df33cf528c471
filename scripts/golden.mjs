// `npm run golden`: remakes conformance/golden/ with the reference itself. It alone needs Python; scripts/golden/README.md says which.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Debian's own: its torch, OpenCV and Pillow are seen from there alone. */
const SYSTEM_PYTHON = "/usr/bin/python3";
const venv = process.env.MASKFEAT_GOLDEN_VENV ?? join(root, ".cache/golden");

/** Without their dependencies: pip would bring another OpenCV and numpy, whose resize differs. */
const reference = ["mmengine==0.10.7", "mmpretrain==1.2.0", "mmcv-lite==2.1.0"];
const helpers = "addict yapf rich termcolor einops modelindex mat4py importlib_metadata packaging numpy==1.24.2".split(
  " ",
);

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (status === 0) return;
  process.stderr.write(
    `golden: ${error?.message ?? `${program} ${args[0]} ended with ${status}`}; see scripts/golden/README.md\n`,
  );
  process.exit(status ?? 1);
}

const python = join(venv, "bin/python");
if (!existsSync(python)) {
  run(SYSTEM_PYTHON, ["-m", "venv", "--system-site-packages", venv]);
  run(python, ["-m", "pip", "install", "--quiet", "--no-deps", ...reference]);
  run(python, ["-m", "pip", "install", "--quiet", ...helpers]);
}
run(python, [join(root, "scripts/golden/main.py"), ...process.argv.slice(2)]);
