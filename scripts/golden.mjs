// `npm run golden`: remakes conformance/golden/ with the reference itself. It alone needs Python; scripts/golden/README.md says which.
import { join } from "node:path";
import { referencePython, run } from "./reference.mjs";

const main = join(import.meta.dirname, "golden/main.py");
try {
  run(referencePython(), [main, ...process.argv.slice(2)], "inherit");
} catch (error) {
  process.stderr.write(`golden: ${error.message}\n`);
  process.exitCode = error.status ?? 1;
}
