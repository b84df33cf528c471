// What a mutant takes of memory: the highest that the process came while it was read, above where it stood before.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { forgetPeak, peakBytes } from "../memory.mjs";

const ALONE = join(import.meta.dirname, "alone.mjs");
const TRIES = 3;
/** Bytes of buffers at which unused ones are given back first: freed later, they would hide what is taken. */
const LITTER = 2 ** 24;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
/** Bytes of buffers in use. */
let settled = Number.POSITIVE_INFINITY;

/** Gives back the buffers that earlier mutants left. */
function tidy() {
  const { external } = process.memoryUsage();
  settled = Math.min(settled, external);
  if (external - settled < LITTER) return;
  // Twice: what the first finds is freed in the background, at the latest when the second begins.
  collect();
  collect();
  settled = process.memoryUsage().external;
}

/** Bytes that reading a mutant may take. */
export const allowed = ({ bytes }) => 4 * bytes.length + 64 * 2 ** 20;

/** The bytes by which the process grew while `work` ran, at their most. */
export async function growth(work) {
  tidy();
  forgetPeak();
  const before = process.memoryUsage.rss();
  const highest = peakBytes();
  await work();
  const after = peakBytes();
  return Math.max(process.memoryUsage.rss(), after > highest ? after : 0) - before;
}

/**
 * What is wrong with the memory that a mutant takes; undefined if nothing is. It is asked if the process grew by too much, which may
 * be the garbage of others: in each of three new processes the mutant has to take too much by itself.
 */
export function judged(row, seed, module) {
  let least;
  for (let i = 0; i < TRIES; i++) {
    const { stdout, stderr } = spawnSync(process.execPath, [ALONE, row, String(seed), module], { encoding: "utf8" });
    if (stdout === "") return `in a process of its own it ended that process: ${stderr}`;
    const { grown, most } = JSON.parse(stdout);
    if (grown <= most) return undefined;
    least = Math.min(least ?? grown, grown);
  }
  return `took ${Math.round(least / 2 ** 20)} MB`;
}
