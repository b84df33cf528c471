// Whether an op has become slower: its time relative to the reference loop of the same run, against ratios that were kept. Times
// themselves tell nothing, as machines and their load differ.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { placeOf, table } from "../table.mjs";
import { opRows } from "./ops.mjs";

/** An op may take this much longer than it did: other caches, other memory and noise stay below. */
const ALLOWED = 1.5;

const kept = join(import.meta.dirname, "../gate.json");

const columns = {
  op: "name",
  device: placeOf,
  "loops, now": "loop",
  before: (row) => row.before ?? "no baseline: --write",
  "now / before": (row) => row.before && row.loop / row.before,
  result: (row) => (row.passed ? "ok" : "SLOWER"),
};

/** On one thread of WASM unless `combos` were narrowed; `write` keeps this run's ratios instead of judging them. */
export async function gate({ baseline = kept, write, ...options }) {
  const combos = options.combos.filter(({ device, threads }) => device === "wasm" && threads === 1);
  const rows = (await opRows({ ...options, combos })).filter((row) => row.loop !== undefined);
  if (rows.length === 0) return { rows, text: "gate: nothing was measured", failed: true };
  if (write) {
    const ratios = existsSync(baseline) ? JSON.parse(readFileSync(baseline, "utf8")) : {};
    for (const row of rows) {
      ratios[placeOf(row)] ??= {};
      ratios[placeOf(row)][row.name] = Number(row.loop.toPrecision(3));
    }
    writeFileSync(baseline, `${JSON.stringify(ratios, null, 2)}\n`);
    return { rows, text: `gate: ratios of ${rows.length} ops written` };
  }
  const ratios = JSON.parse(readFileSync(baseline, "utf8"));
  const judged = rows.map((row) => {
    const before = ratios[placeOf(row)]?.[row.name];
    return { ...row, before, passed: before !== undefined && row.loop <= ALLOWED * before };
  });
  return { rows: judged, text: table(judged, columns), failed: judged.some(({ passed }) => !passed) };
}
