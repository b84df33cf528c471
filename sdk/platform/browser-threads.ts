/** Threads of the WASM device in browsers: workers of the worker that the package runs in. */

import { DeviceError } from "../../gpu/errors.js";
import { constant } from "../base/constant.js";
import type { ThreadStart, Threads } from "../device/platform.js";
import { SERVE } from "./serve.js";

const PROGRAM = constant(() => `${SERVE} onmessage = ({ data }) => serve(data, () => postMessage("started"));`);

/** Why this page or worker computes on only one thread; undefined if it need not. */
export function whyOneThread(): string | undefined {
  // Waiting is allowed only in dedicated workers: a window must never block.
  if (!("DedicatedWorkerGlobalScope" in globalThis)) return "threads need a dedicated worker";
  if (!globalThis.crossOriginIsolated) {
    return "the page is not cross-origin isolated (COOP same-origin and COEP require-corp)";
  }
  // WebKitGTK 2.50 is isolated all the same
  if (typeof SharedArrayBuffer === "undefined") return "this browser shares no memory between workers";
  return typeof Worker === "function" ? undefined : "this browser lets workers start no workers";
}

/** Starts workers 1 to count - 1; thread 0 is the caller's. A worker starts only while the caller's event loop turns: see `ready`. */
export function startThreads(start: ThreadStart): Threads {
  const url = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
  const workers: Worker[] = [];
  const stop = async () => {
    for (const worker of workers) worker.terminate();
  };
  const ready = Promise.all(
    Array.from({ length: start.count - 1 }, (_, i) => {
      const worker = new Worker(url, { name: `maskfeat-wgpu thread ${i + 1}` });
      workers.push(worker);
      return started(worker, { ...start, index: i + 1 });
    }),
  ).finally(() => URL.revokeObjectURL(url));
  // `ready` rejects with the error.
  ready.catch(stop);
  return { ready, stop };
}

/** @throws DeviceError if the worker dies first. */
function started(worker: Worker, start: ThreadStart & { readonly index: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message || "a Content-Security-Policy must allow worker-src blob:";
      reject(new DeviceError("DEVICE_FAILED", `a worker thread of the WASM device does not start: ${why}`));
    };
    worker.postMessage(start);
  });
}
