// `npm run golden`: remakes conformance/golden/ with the reference itself. It alone needs Python; scripts/golden/README.md says which.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { referencePython } from "./reference.mjs";

function stop(message, code = 1) {
  process.stderr.write(`golden: ${message}\n`);
  process.exit(code);
}

function python() {
  try {
    return referencePython();
  } catch (error) {
    return stop(error.message);
  }
}

const main = fileURLToPath(new URL("golden/main.py", import.meta.url));
const { status, error } = spawnSync(python(), [main, ...process.argv.slice(2)], { stdio: "inherit" });
if (status !== 0) stop(error?.message ?? `main.py ended with ${status}; see scripts/golden/README.md`, status ?? 1);
