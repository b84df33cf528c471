/** Threads of the WASM device in Node: workers that instantiate the module over its shared memory and serve it. */

import { Worker } from "node:worker_threads";
import { DeviceError } from "../../gpu/errors.js";
import type { ThreadStart, Threads } from "./types.js";

/** A worker's whole program. As text it needs no file of its own, which bundlers would have to find. */
const SERVE = `
const { module, memory, control, count, index } = require("node:worker_threads").workerData;
const abort = (message, file, line, column) => {
  throw new Error("WASM kernel aborted at " + line + ":" + column);
};
new WebAssembly.Instance(module, { env: { memory, abort } }).exports.serve(control, index, count);
`;

/** Starts `count` workers, numbered from 1, that do not keep the process alive. */
export function startThreads({ module, memory, control, count }: ThreadStart): Threads {
  const workers = Array.from(
    { length: count },
    (_, i) =>
      new Worker(SERVE, { eval: true, execArgv: [], workerData: { module, memory, control, count, index: i + 1 } }),
  );
  let stopped = false;
  const failed = new Promise<never>((_, reject) => {
    const fail = (why: string, cause?: unknown) => {
      if (!stopped) reject(new DeviceError("DEVICE_FAILED", `a thread of the WASM device ended: ${why}`, { cause }));
    };
    for (const worker of workers) {
      worker.on("error", (error) => fail(error.message, error));
      worker.on("exit", (code) => code !== 0 && fail(`exit code ${code}`));
    }
  });
  failed.catch(() => {}); // whoever waits for the work sees it; alone it must not end the process
  for (const worker of workers) worker.unref();
  return {
    failed,
    async stop() {
      stopped = true;
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
