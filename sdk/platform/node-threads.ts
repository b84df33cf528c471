/** Threads of the WASM device in Node: workers that instantiate the module over its shared memory and serve it. */

import { Worker } from "node:worker_threads";
import type { ThreadStart, Threads } from "./types.js";

/** A worker's whole program. As text it needs no file of its own, which bundlers would have to find. */
const SERVE = `
const { module, memory, control, dead, count, index } = require("node:worker_threads").workerData;
try {
  const abort = () => { throw new Error("WASM kernel aborted"); };
  new WebAssembly.Instance(module, { env: { memory, abort } }).exports.serve(control, index, count);
} catch (error) {
  Atomics.store(new Int32Array(memory.buffer), dead / 4, 1);
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
