// The reference's HOG as a contender: Python with the mmpretrain that makes the goldens, in a process of its own.

import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { referencePython, SYSTEM_PYTHON } from "../reference.mjs";

const script = fileURLToPath(new URL("contenders/hog.py", import.meta.url));

/** `{ version, run, close }`. @throws where this machine has no PyTorch or the reference cannot be installed */
export async function referenceHog() {
  const { status, error } = spawnSync(SYSTEM_PYTHON, ["-c", "import torch"], { stdio: "ignore" });
  if (status !== 0) throw new Error(error?.message ?? `${SYSTEM_PYTHON} has no torch`);
  const child = spawn(referencePython(), [script], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the reference's process ended");
    return value;
  };
  const version = await answer();
  const run = async () => {
    child.stdin.write("\n");
    return Number(await answer());
  };
  return { version, run, close: () => child.kill() };
}
