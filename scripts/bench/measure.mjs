// Lets contenders take turns, one call at a time, and sums up what they took: medians, how far times spread, ratios round by round.

/** Between turns, so that the threads of the last contender have gone to sleep before the next begins. */
const PAUSE_MS = 30;

/** Each contender runs this long, and at least twice, before its times count: engines compile hot code again meanwhile. */
const WARM_UP_MS = 500;

const LEAST_ROUNDS = 5;
const MOST_ROUNDS = 50;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

async function warmUp({ run }) {
  let spent = 0;
  for (let i = 0; i < 2 || (spent < WARM_UP_MS && i < MOST_ROUNDS); i++) spent += await run();
}

/**
 * Milliseconds of every contender (`run()` gives those of one call) in every round. Each round begins with another contender. `rounds`, or
 * as many as `seconds` allow.
 */
export async function takeTurns(contenders, { rounds, seconds }) {
  for (const contender of contenders) await warmUp(contender);
  const times = contenders.map(() => []);
  const end = performance.now() + 1000 * seconds;
  const enough = (done) =>
    rounds === undefined ? done >= LEAST_ROUNDS && (done >= MOST_ROUNDS || performance.now() > end) : done >= rounds;
  for (let round = 0; !enough(round); round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const i = (round + turn) % contenders.length;
      await pause();
      times[i].push(await contenders[i].run());
    }
  }
  return times;
}

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)] - below);
}

export const median = (values) => quantile(values, 0.5);

/** The distance between the quartiles relative to the median. */
export const spread = (values) => (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);

/** The median over rounds of one contender's time relative to another's in the same round. */
export const ratio = (times, others) => median(times.map((ms, round) => ms / others[round]));

/** The shortest time: what work takes while nothing else disturbs it, where a machine is shared. */
export const best = (times) => Math.min(...times);

/** `{ medianMs, spread, bestMs }` of a contender. */
export const summary = (times) => ({ medianMs: median(times), spread: spread(times), bestMs: best(times) });

/** Rows `{ ...row, medianMs, spread, bestMs, ratio }` of contenders that are closed then; the ratio is to the first. */
export async function race(contenders, options) {
  const times = await takeTurns(contenders, options);
  for (const { close } of contenders) await close();
  return contenders.map(({ row }, i) => ({ ...row, ...summary(times[i]), ratio: ratio(times[i], times[0]) }));
}

/** How far `theirs` is from `ours`: `{ maxAbs, relative, cosine }`. */
export function agreement(ours, theirs) {
  if (ours.length !== theirs.length) return { maxAbs: Number.NaN, relative: Number.NaN, cosine: Number.NaN };
  let [maxAbs, difference, dot, own, other] = [0, 0, 0, 0, 0];
  for (let i = 0; i < ours.length; i++) {
    const [a, b] = [ours[i], theirs[i]];
    maxAbs = Math.max(maxAbs, Math.abs(a - b));
    difference += (a - b) ** 2;
    dot += a * b;
    own += a * a;
    other += b * b;
  }
  return { maxAbs, relative: Math.sqrt(difference / own), cosine: dot / Math.sqrt(own * other) };
}
