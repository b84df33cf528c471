/** Threads of the WASM device in Node: workers that instantiate the module over its shared memory and serve it. */

import { Worker } from "node:worker_threads";
import type { ThreadStart, Threads } from "./types.js";

/**
 * A worker's whole program. As text it needs no file of its own, which bundlers would have to find. Deno and Bun have a `module` of their
 * own around it: no second one may be declared.
 */
export const SERVE = `
const start = require("node:worker_threads").workerData;
try {
  const abort = () => { throw new Error("WASM kernel aborted"); };
  const { exports } = new WebAssembly.Instance(start.module, { env: { memory: start.memory, abort } });
  exports.serve(start.control, start.index, start.count);
} catch (error) {
  Atomics.store(new Int32Array(start.memory.buffer), start.dead / 4, 1);
  throw error;
}
`;

/** Starts workers 1 to count - 1; thread 0 is the caller's. They keep no process alive. */
export function startThreads(start: ThreadStart): Threads {
  const workers = Array.from({ length: start.count - 1 }, (_, i) => {
    const worker = new Worker(SERVE, { eval: true, execArgv: [], workerData: { ...start, index: i + 1 } });
    // The device sees the flag in memory and reports it to whoever waits for the work.
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
