/**
 * Programs: a list of steps in memory, and the threads that run them together.
 *
 * A step (nn/lib/step.ts) names its kernel by the index of a function, so that nothing here knows what it computes.
 * Thread 0 is the host's; the others wait in `serve` for a job, run their share of every step, and meet at a barrier after each, so
 * that a step may read what the one before wrote. Which thread computes an element never changes how it is computed.
 */

export const STEP_BYTES: i32 = 128;

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

/** As thread `t` of `n`. `shared`: working memory of all threads, `own`: of this one. */
function runStep(control: usize, s: usize, t: i32, n: i32, shared: usize, own: usize): void {
  call_indirect<void>(load<i32>(s), s + 4, t, n, control + COUNTER, shared, own);
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
