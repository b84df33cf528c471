// What `npm run bench -- <options>` understands.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { models } from "./contenders/images.mjs";
import { combinations } from "./variants.mjs";

const HELP = `npm run bench -- [parts] [options]

parts      ops, models, data, load, cold (these five by default); accuracy, counts, folder; peers, gate (also as --peers, --gate, --cold)

--model tiny,small,base     of parts models and peers; default all, in browsers and with --software tiny
--batch 1,8                 images a call
--threads 1,2               default 1 and the number of cores, 8 at most
--variants "wasm*"          combinations of device and options, by name (scripts/bench/variants.mjs)
--only "op linear*"         rows by name
--rounds 9                  default: as many as fit a few seconds
--json                      one JSON object
--browser                   in Chromium: ops, models, peers
--software                  WebGPU in Node on the software GPU of the dev dependencies
--node 24                   under another Node: a version (Linux x64) or a path
--baseline F                of the gate; --write makes it again`;

const FLAGS = "json browser software write peers cold gate help".split(" ");
const VALUES = "model batch threads variants only rounds node baseline".split(" ");
const optionsOf = (type, names) => Object.fromEntries(names.map((name) => [name, { type }]));
const BROWSER_PARTS = ["ops", "models"];
const NODE_PARTS = [...BROWSER_PARTS, "data", "load", "cold"];
const PARTS = [...NODE_PARTS, "accuracy", "counts", "folder", "peers", "gate"];

/** Whether a name fits a pattern in which `*` stands for anything; every name fits none. */
export function matcher(pattern = "*") {
  const escaped = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  const whole = new RegExp(`^${escaped.join(".*")}$`, "i");
  return (name) => whole.test(name);
}

function stop(message) {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

function parsed(args) {
  const options = { ...optionsOf("boolean", FLAGS), ...optionsOf("string", VALUES) };
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    return stop(`${error.message}\n\n${HELP}`);
  }
}

/** The options; ends the process where they make no sense. */
export function readOptions(args) {
  const { values: given, positionals } = parsed(args);
  if (given.help) {
    console.log(HELP);
    process.exit(0);
  }
  const numbers = (name, otherwise) => {
    const list = given[name]?.split(",").map(Number) ?? otherwise;
    if (list?.some((n) => !(Number.isInteger(n) && n > 0))) stop(`--${name}: expected numbers, got ${given[name]}`);
    return list;
  };
  const keys = given.model?.split(",");
  for (const key of keys ?? []) if (!models[key]) stop(`--model: expected ${Object.keys(models)}, got ${key}`);
  // beside --cold, --peers says who starts
  const flagged = ["peers", "cold", "gate"].filter((part) => given[part] && !(part === "peers" && given.cold));
  const named = [...positionals, ...flagged];
  for (const part of named) if (!PARTS.includes(part)) stop(`the parts are ${PARTS.join(", ")}, not ${part}`);
  const threads = numbers("threads", [...new Set([1, Math.min(availableParallelism(), 8)])]);
  return {
    ...given,
    /** For the process that runs under the Node or on the GPU asked for. */
    rest: args.filter((arg, i) => arg !== "--software" && !/^--node(=|$)/.test(arg) && args[i - 1] !== "--node"),
    parts: named.length > 0 ? named : given.browser ? BROWSER_PARTS : NODE_PARTS,
    keys,
    batches: numbers("batch", [1, 8]),
    threads,
    rounds: numbers("rounds")?.[0],
    wanted: matcher(given.only),
    combos: combinations(matcher(given.variants), threads),
  };
}
