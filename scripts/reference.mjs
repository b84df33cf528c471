// The Python environments of the reference: Debian's packages, and mmpretrain beside them in a virtual environment; and one of the libraries
// whose files are read, with PyTorch from pip.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
/** Debian's own: its torch, OpenCV and Pillow are only seen from there. */
export const SYSTEM_PYTHON = "/usr/bin/python3";
const venv = process.env.MASKFEAT_GOLDEN_VENV ?? join(root, ".cache/golden");
const peersVenv = process.env.MASKFEAT_PEERS_VENV ?? join(root, ".cache/peers");

/** Without their dependencies: pip would bring another OpenCV and numpy, whose resize differs. */
const reference = ["mmengine==0.10.7", "mmpretrain==1.2.0", "mmcv-lite==2.1.0"];
const helpers = "addict yapf rich termcolor einops modelindex mat4py importlib_metadata packaging numpy==1.24.2".split(
  " ",
);

/** Runs a program, whose stdout goes to stderr: ours belongs to the caller. @throws an error with its `status` if it fails */
export function run(program, args, stdio = ["inherit", 2, 2]) {
  const { status, error } = spawnSync(program, args, { stdio });
  if (status === 0) return;
  const what = error?.message ?? `${program} ${args[0]} ended with ${status}`;
  throw Object.assign(new Error(`${what}; see scripts/golden/README.md`), { status });
}

/** The environment's Python; the environment is made where it is missing. @throws if it cannot be made */
export function referencePython() {
  const python = join(venv, "bin/python");
  if (!existsSync(python)) {
    run(SYSTEM_PYTHON, ["-m", "venv", "--system-site-packages", venv]);
    run(python, ["-m", "pip", "install", "--quiet", "--no-deps", ...reference]);
    run(python, ["-m", "pip", "install", "--quiet", ...helpers]);
  }
  return python;
}

const peers = ["torch==2.15.0", "torchvision==0.29.2", "timm==1.0.31", "transformers==5.24.0", "safetensors"];

/** The Python of the environment with transformers and timm, made where it is missing (6 GB). @throws if it cannot be made */
export function peersPython() {
  const python = join(peersVenv, "bin/python");
  if (!existsSync(python)) {
    run(SYSTEM_PYTHON, ["-m", "venv", peersVenv]);
    run(python, ["-m", "pip", "install", "--quiet", ...peers]);
  }
  return python;
}
