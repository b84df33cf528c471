// `npm run golden`: remakes conformance/golden/ with the reference itself. Only this needs Python; scripts/golden/README.md says which.
import { join } from "node:path";
import { peersPython, referencePython, run } from "./reference.mjs";

/** What is made by other libraries, in an environment of theirs. */
const PEERS = ["loading"];

const main = join(import.meta.dirname, "golden/main.py");
const args = process.argv.slice(2);
const isOwn = args.includes("--checkpoint");
const parts = isOwn ? [] : args.filter((arg) => !arg.startsWith("--"));
const flags = args.filter((arg) => !parts.includes(arg));
const ofPeers = parts.filter((part) => PEERS.includes(part));
const others = parts.filter((part) => !PEERS.includes(part));
try {
  if (parts.length === 0 || others.length > 0) run(referencePython(), [main, ...others, ...flags], "inherit");
  if (!isOwn && (parts.length === 0 || ofPeers.length > 0)) run(peersPython(), [main, ...PEERS, ...flags], "inherit");
} catch (error) {
  process.stderr.write(`golden: ${error.message}\n`);
  process.exitCode = error.status ?? 1;
}
