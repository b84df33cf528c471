/**
 * Programs: a list of steps in memory, and the threads that run them together.
 *
 * A step is 16 words: its kind, then the kernel's arguments in the order of its signature (addresses, counts, and the bits of an f32).
 * Thread 0 is the host's; the others wait in `serve` for a job, run their share of every step, and meet at a barrier after each, so
 * that a step may read what the one before wrote. Which thread computes an element never changes how it is computed.
 */

import { attention } from "./attention";
import { matmul8, packInput8 } from "./int8";
import { matmul, packInput } from "./matmul";
import { layerNorm } from "./norm";
import { add, gelu } from "./pointwise";
import { copyBlocks, featmap, maskedMse, maskTokens, meanTokens, patches, resizePos, tokens } from "./tokens";

export const STEP_BYTES: i32 = 64;

export const MATMUL: i32 = 0;
export const ATTENTION: i32 = 1;
export const LAYER_NORM: i32 = 2;
export const GELU_STEP: i32 = 3;
export const ADD_STEP: i32 = 4;
export const PATCHES: i32 = 5;
export const MASK_TOKENS: i32 = 6;
export const TOKENS: i32 = 7;
export const RESIZE_POS: i32 = 8;
export const COPY_BLOCKS: i32 = 9;
export const MEAN_TOKENS: i32 = 10;
export const FEATMAP: i32 = 11;
export const MASKED_MSE: i32 = 12;
export const PACK_INPUT: i32 = 13;
export const MATMUL8: i32 = 14;
export const PACK_INPUT8: i32 = 15;

// The control block: byte offsets of its words. Only the host writes a job, and only while no thread works on one.
export const CONTROL_BYTES: i32 = 64;
const JOB: usize = 0; // number of the newest job
const ARRIVED: usize = 4; // threads at the barrier
const PHASE: usize = 8; // number of barriers passed
const STEPS: usize = 12;
const FIRST: usize = 16;
const LAST: usize = 20;
const SHARED: usize = 24;
const OWN: usize = 28; // of thread 0; the others' lie behind it
const OWN_BYTES: usize = 32;
const COUNTER: usize = 36; // items of the step that threads have taken
/** Byte offset of the word that a thread sets to 1 when it dies. */
export const DEAD: i32 = 40;

/** Word `i` of a step. */
function w(step: usize, i: i32): i32 {
  return load<i32>(step + ((<usize>i) << 2));
}

/** Thread `t` of `n`. `shared`: working memory of all threads, `own`: of this one. */
function runStep(control: usize, s: usize, t: i32, n: i32, shared: usize, own: usize): void {
  const counter = control + COUNTER;
  switch (w(s, 0)) {
    case PACK_INPUT:
      packInput(w(s, 1), w(s, 2), w(s, 3), shared, t, n);
      break;
    case MATMUL:
      matmul(
        w(s, 1),
        w(s, 2),
        w(s, 3),
        w(s, 4) != 0,
        w(s, 5),
        w(s, 6),
        w(s, 7),
        w(s, 8),
        w(s, 9),
        w(s, 10),
        w(s, 11),
        w(s, 12),
        counter,
        shared,
        own,
      );
      break;
    case PACK_INPUT8:
      packInput8(w(s, 1), w(s, 2), w(s, 3), shared, t, n);
      break;
    case MATMUL8:
      matmul8(
        w(s, 1),
        w(s, 2),
        w(s, 3),
        w(s, 4),
        w(s, 5),
        w(s, 6),
        w(s, 7),
        w(s, 8),
        w(s, 9),
        w(s, 10),
        w(s, 11),
        counter,
        shared,
        own,
      );
      break;
    case ATTENTION:
      attention(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), w(s, 6), w(s, 7), w(s, 8), counter, own);
      break;
    case LAYER_NORM:
      layerNorm(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), w(s, 6), reinterpret<f32>(w(s, 7)), t, n);
      break;
    case GELU_STEP:
      gelu(w(s, 1), w(s, 2), w(s, 3), t, n);
      break;
    case ADD_STEP:
      add(w(s, 1), w(s, 2), w(s, 3), w(s, 4), t, n);
      break;
    case PATCHES:
      patches(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), w(s, 6), t, n);
      break;
    case MASK_TOKENS:
      maskTokens(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), w(s, 6), t, n);
      break;
    case TOKENS:
      tokens(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), w(s, 6), w(s, 7), t, n);
      break;
    case RESIZE_POS:
      resizePos(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), w(s, 6), w(s, 7), t, n);
      break;
    case COPY_BLOCKS:
      copyBlocks(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), t, n);
      break;
    case MEAN_TOKENS:
      meanTokens(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), t, n);
      break;
    case FEATMAP:
      featmap(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), t, n);
      break;
    case MASKED_MSE:
      if (t == 0) maskedMse(w(s, 1), w(s, 2), w(s, 3), w(s, 4), w(s, 5), w(s, 6));
      break;
    default:
      unreachable();
  }
}

/** Runs steps `first` to `last - 1` of the program at `steps` on one thread. */
export function runAlone(control: usize, steps: usize, first: i32, last: i32, shared: usize, own: usize): void {
  for (let i = first; i < last; i++) {
    store<i32>(control + COUNTER, 0);
    runStep(control, steps + <usize>i * STEP_BYTES, 0, 1, shared, own);
  }
}

/** Polls before a thread goes to sleep: some 50 microseconds, longer than most steps of a small model take. */
const SPINS: i32 = 20000;
const SECOND: i64 = 1000000000;

/** Seconds after which a barrier gives up: a step takes milliseconds, so the missing thread never started or was killed. */
const PATIENCE: i32 = 60;

/** Waits for ever until the word at `address` is no longer `value`. */
function waitForJob(address: usize, value: i32): void {
  if (ASC_FEATURE_THREADS) {
    for (let i = 0; i < SPINS; i++) if (atomic.load<i32>(address) != value) return;
    while (atomic.load<i32>(address) == value) atomic.wait<i32>(address, value, -1);
  }
}

/** Waits until barrier `phase` is passed; false where a thread has died or does not come. */
function waitForPhase(control: usize, phase: i32): bool {
  if (ASC_FEATURE_THREADS) {
    for (let i = 0; i < SPINS; i++) if (atomic.load<i32>(control + PHASE) != phase) return true;
    for (let i = 0; i < PATIENCE; i++) {
      atomic.wait<i32>(control + PHASE, phase, SECOND);
      if (atomic.load<i32>(control + PHASE) != phase) return true;
      if (atomic.load<i32>(control + DEAD) != 0) return false;
    }
    return false;
  }
  return true;
}

function barrier(control: usize, threads: i32): bool {
  if (ASC_FEATURE_THREADS) {
    const phase = atomic.load<i32>(control + PHASE);
    if (atomic.add<i32>(control + ARRIVED, 1) < threads - 1) return waitForPhase(control, phase);
    atomic.store<i32>(control + ARRIVED, 0);
    atomic.store<i32>(control + COUNTER, 0);
    atomic.store<i32>(control + PHASE, phase + 1);
    atomic.notify(control + PHASE, -1);
  }
  return true;
}

function runShare(control: usize, thread: i32, threads: i32): bool {
  const steps = <usize>load<i32>(control + STEPS);
  const last = load<i32>(control + LAST);
  const shared = <usize>load<i32>(control + SHARED);
  const own = <usize>load<i32>(control + OWN) + <usize>thread * <usize>load<i32>(control + OWN_BYTES);
  for (let i = load<i32>(control + FIRST); i < last; i++) {
    runStep(control, steps + <usize>i * STEP_BYTES, thread, threads, shared, own);
    if (!barrier(control, threads)) return false;
  }
  return true;
}

/** As `runAlone`, with the threads that serve at `control`; false where one of them died. `ownBytes`: for each thread, from `own` on. */
export function runTogether(
  control: usize,
  threads: i32,
  steps: usize,
  first: i32,
  last: i32,
  shared: usize,
  own: usize,
  ownBytes: i32,
): bool {
  store<i32>(control + STEPS, <i32>steps);
  store<i32>(control + FIRST, first);
  store<i32>(control + LAST, last);
  store<i32>(control + SHARED, <i32>shared);
  store<i32>(control + OWN, <i32>own);
  store<i32>(control + OWN_BYTES, ownBytes);
  if (ASC_FEATURE_THREADS) {
    atomic.add<i32>(control + JOB, 1);
    atomic.notify(control + JOB, -1);
  }
  return runShare(control, 0, threads);
}

/** The life of thread `thread` (from 1): waits for jobs and runs its share, for ever; the host ends the thread from outside. */
export function serve(control: usize, thread: i32, threads: i32): void {
  let job = 0;
  do waitForJob(control + JOB, job++);
  while (runShare(control, thread, threads));
}
