/** How large work on WASM is cut: into steps that are short enough for the event loop, and into chunks that threads take. */

/** A step of a matmul or an attention costs each thread at most about this many multiply-adds: 10 ms at 15 GFLOP/s. */
const SLICE_MACS = 75e6;

/** From one item to before another. */
interface Run {
  readonly from: number;
  readonly to: number;
}

/** Cuts `count` items into as few runs of at most `most` as can be, all of one length. */
export function evenRuns(count: number, most: number): Run[] {
  return runs(count, Math.ceil(count / Math.ceil(count / most)));
}

/** Cuts `count` items into runs of `length`, the last one shorter. */
export function runs(count: number, length: number): Run[] {
  return Array.from({ length: Math.ceil(count / length) }, (_, i) => ({
    from: i * length,
    to: Math.min(count, (i + 1) * length),
  }));
}

/** The number of items of `cost` multiply-adds that `threads` threads do in one step. */
export function perStep(cost: number, threads: number): number {
  return Math.max(1, Math.floor((SLICE_MACS * threads) / cost));
}

/** Items that a thread takes at a time: few enough for all threads to end together, at most `most`. */
export function chunkOf(count: number, threads: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(count / (6 * threads))));
}
