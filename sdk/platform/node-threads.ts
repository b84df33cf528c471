/** Threads of the WASM device in Node. */

import { Worker } from "node:worker_threads";
import type { ThreadStart, Threads } from "../device/platform.js";
import { SERVE } from "./serve.js";

/** Deno and Bun have a `module` of their own around it: none may be declared at this level. */
export const PROGRAM = `${SERVE} serve(require("node:worker_threads").workerData, () => {});`;

/** Starts workers 1 to count - 1; thread 0 is the caller's. They keep no process alive. */
export function startThreads(start: ThreadStart): Threads {
  const workers = Array.from({ length: start.count - 1 }, (_, i) => {
    const worker = new Worker(PROGRAM, { eval: true, execArgv: [], workerData: { ...start, index: i + 1 } });
    // The device sees the flag in memory and reports it to the caller that waits for the work.
    worker.on("error", () => {});
    worker.unref();
    return worker;
  });
  return {
    async stop() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
