/** In place of `sdk/base/pause.ts`: a try that follows another one comes soon. */

import { setTimeout } from "node:timers/promises";

/** Resolves after a five-hundredth of the time. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms / 500, undefined, { signal }).catch(() => signal?.throwIfAborted());
}
