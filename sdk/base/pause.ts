/** Waits, until a signal aborts. */

import { onAbort } from "./abort.js";

/** Resolves after so many milliseconds. @throws the reason of `signal` */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, ms);
    const stop = () => {
      forget();
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const forget = onAbort(signal, stop);
    if (signal?.aborted) stop();
  });
}
