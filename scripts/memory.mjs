// The highest that this process's memory came to.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const STATUS = "/proc/self/status";

/** Bytes resident at most, on Linux since `forgetPeak()`. (Linux counts the memory of a process's parent in `maxRSS`, too.) */
export function peakBytes() {
  if (!existsSync(STATUS)) return 1024 * process.resourceUsage().maxRSS;
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(STATUS, "latin1"))[1]);
}

/** Linux can reset the highest size; elsewhere a size below an earlier one goes unseen. */
export function forgetPeak() {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {}
}
