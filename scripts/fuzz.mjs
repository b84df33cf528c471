// `npm run fuzz -- --row R1|R2|R4|R14 --count N --seed S --json`: malformed checkpoints (R1), arrays (R2) and images (R4), each of which
// must be read or refused with a typed error, within a second and within 64 MB and four times its size; and kept downloads that are damaged
// (R14), which must be mended, or named if there is no network. Mutant number i follows from seed + i, so any failure can be had
// again by `--seed` and `--count 1`.
import { parseArgs } from "node:util";
import * as maskfeat from "../dist/node.js";
import { fuzz, rowNames } from "./fuzz/rows.mjs";

const options = {
  row: { type: "string" },
  count: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean" },
};
const { row, count = "1000", seed = "1", json } = parseArgs({ options }).values;
const chosen = row === undefined ? rowNames : [row];
if (!chosen.every((name) => rowNames.includes(name)) || !/^\d+$/.test(count) || !/^\d+$/.test(seed)) {
  process.stderr.write(`usage: npm run fuzz -- --row ${rowNames.join("|")} --count N --seed S [--json]\n`);
  process.exit(2);
}
for (const name of chosen) {
  const onProgress = (done) => process.stderr.isTTY && process.stderr.write(`\r${name} ${done} of ${count} `);
  const result = await fuzz(maskfeat, name, { count: Number(count), seed: Number(seed), onProgress });
  const { bad, accepted, seconds, rssGrowth, failures } = result;
  if (json) console.log(JSON.stringify(result));
  else
    console.log(
      `${name}: ${count} mutants, ${bad} bad, ${accepted} read, ${seconds.toFixed(1)} s, ${Math.round(rssGrowth / 2 ** 20)} MB more`,
    );
  for (const { seed, wrong } of failures) process.stderr.write(`${name} --seed ${seed} --count 1: ${wrong}\n`);
  if (bad > 0) process.exitCode = 1;
}
