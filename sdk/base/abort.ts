/** Waits for an abort: one listener per signal, however many wait, because Node warns on stderr about more than ten. */

interface Waiting {
  readonly stops: Set<() => void>;
  readonly tell: () => void;
}

const all = new WeakMap<AbortSignal, Waiting>();

/** Calls `stop` when `signal` aborts. Returns what ends the waiting; with the last one the signal has no listener of ours any more. */
export function onAbort(signal: AbortSignal | undefined, stop: () => void): () => void {
  if (!signal) return () => {};
  const { stops, tell } = all.get(signal) ?? listen(signal);
  stops.add(stop);
  return () => {
    if (!stops.delete(stop) || stops.size > 0) return;
    signal.removeEventListener("abort", tell);
    all.delete(signal);
  };
}

function listen(signal: AbortSignal): Waiting {
  const stops = new Set<() => void>();
  const waiting = { stops, tell: () => [...stops].forEach((stop) => void stop()) };
  all.set(signal, waiting);
  signal.addEventListener("abort", waiting.tell);
  return waiting;
}
