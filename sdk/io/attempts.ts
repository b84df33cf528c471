/** What is done about connections that break or fall silent: they are given up after a while, and tried again. */

import { FileError } from "../../gpu/errors.js";
import { pause } from "../base/pause.js";
import { Broken } from "./request.js";
import { message } from "./source.js";

/** Tries in a row that bring nothing. */
const TRIES = 5;
const MAX_TRIES = 100;
/** Milliseconds without a byte after which a connection counts as broken. */
const SILENCE = 60_000;

export interface TryOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds before the second try; doubled each time. */
  readonly firstPause?: number;
}

/**
 * What `attempt` gives, which is made again where it throws Broken; `reached` is a number that grows as bytes come.
 * @throws the error of the last attempt; AbortError
 */
export async function retried<T>(attempt: () => Promise<T>, reached: () => number, options: TryOptions): Promise<T> {
  const { signal, firstPause = 500 } = options;
  for (let failed = 0, tries = 1; ; tries++) {
    const before = reached();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Broken)) throw error;
      failed = reached() > before ? 1 : failed + 1;
      if (failed >= TRIES || tries >= MAX_TRIES) throw error.error;
      await pause(Math.max(firstPause * 2 ** (failed - 1), 1000 * error.wait), signal);
    }
  }
}

export function broken(name: string, what: string, cause?: unknown): Broken {
  return new Broken(new FileError("NET_FAILED", `${name}: ${what}; try again`, { cause }));
}

/**
 * Does `work`, a request and what becomes of its body; `at` is how far the file `name` is there.
 * @throws Broken where the connection breaks, or nothing comes for a minute; what `work` throws
 */
export async function watched<T>(
  name: string,
  at: () => number,
  signal: AbortSignal | undefined,
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  const watch = new Watch(signal);
  try {
    return await work(watch);
  } catch (error) {
    if (watch.silent) throw broken(name, `nothing came for ${SILENCE / 1000} seconds`);
    if (error instanceof FileError || error instanceof Broken || signal?.aborted) throw error;
    throw broken(name, `the connection broke at byte ${at()}: ${message(error)}`, error);
  } finally {
    watch.end();
  }
}

/** Aborts a request when the caller says so, or when nothing comes any more. */
export class Watch {
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  readonly signal = this.abort.signal;
  silent = false;

  constructor(private readonly outer: AbortSignal | undefined) {
    outer?.throwIfAborted();
    outer?.addEventListener("abort", this.stop);
    this.touch();
  }

  private readonly stop = () => this.abort.abort();

  touch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.silent = true;
      this.stop();
    }, SILENCE);
  }

  /** Drops what is still open. */
  end(): void {
    clearTimeout(this.timer);
    this.outer?.removeEventListener("abort", this.stop);
    this.stop();
  }
}
