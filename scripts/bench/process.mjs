// Contenders in Node, each in a process of its own that stays loaded: so none sees the flags, the threads or the memory of another.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("child.mjs", import.meta.url));

/** Asks whoever answers `{ id, ... }` through `send`; `receive` takes the answers. */
export function questions(send) {
  const waiting = new Map();
  let next = 0;
  return {
    ask(method, ...args) {
      return new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        send({ id, method, args });
      });
    },
    receive({ id, result, error }) {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    },
    fail(error) {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
  };
}

/** What runs contenders in processes of this Node. */
export const nodeHost = {
  kind: "node",
  /** `call(method, ...args)` of what `open(spec)` of a module in contenders/ gave, or of the module at a file URL. */
  async start(module, spec, { execArgv = [] } = {}) {
    const worker = fork(child, { execArgv, serialization: "advanced" });
    const { ask, receive, fail } = questions((question) => worker.send(question));
    worker.on("message", receive);
    worker.on("exit", (code, signal) => fail(new Error(`its process ended (${signal ?? code})`)));
    const close = () => worker.kill();
    try {
      await ask("open", new URL(module, new URL("contenders/", import.meta.url)).href, spec);
    } catch (error) {
      close();
      throw error;
    }
    return { call: ask, close };
  },
  async close() {},
};
