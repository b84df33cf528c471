// `npm run golden`: remakes conformance/golden/ with the reference itself. It alone needs Python; scripts/golden/README.md says which.
import { fileURLToPath } from "node:url";
import { referencePython, run } from "./reference.mjs";

const main = fileURLToPath(new URL("golden/main.py", import.meta.url));
try {
  run(referencePython(), [main, ...process.argv.slice(2)], "inherit");
} catch (error) {
  process.stderr.write(`golden: ${error.message}\n`);
  process.exitCode = error.status ?? 1;
}
