import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { startThreads } from "../sdk/platform/node-threads.js";

/**
 * A module that imports `env.memory` (shared) and `env.abort`. Its `serve(control, index, count)` stores `count` at `control + 4 * index`,
 * wakes whoever waits there, and waits itself until the word at `control` is no longer 0; then it calls `abort` for line 7, column 9.
 */
const SERVER =
  "AGFzbQEAAAABDgJgBH9/f38AYAN/f38AAh4CA2VudgVhYm9ydAAAA2VudgZtZW1vcnkCAwGAgAQDAgEBBwkBBXNlcnZlAAEKQgFAACAAIAFBAnRqIgEgAv4XAgAgAUEB/gACABoDQCAAQQBCf/4BAgBBAUYNACAA/hACAEUNAAtBAEEAQQdBCRAACw==";

function start(count: number) {
  const module = new WebAssembly.Module(Buffer.from(SERVER, "base64"));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  return { words: new Int32Array(memory.buffer, 64, 8), threads: startThreads({ module, memory, control: 64, count }) };
}

/** Resolves once every worker has written its word. */
async function served(words: Int32Array, count: number): Promise<number[]> {
  for (let index = 1; index <= count; index++) {
    while (Atomics.load(words, index) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return Array.from(words);
}

it("starts numbered workers over the shared memory, and stops them", async () => {
  const { words, threads } = start(3);
  expect(await served(words, 3)).toEqual([0, 3, 3, 3, 0, 0, 0, 0]);
  await threads.stop();
  const ended = await Promise.race([threads.failed.catch(() => "failed"), Promise.resolve("stopped")]);
  expect(ended).toBe("stopped");
});

it("says that a thread died, and why", async () => {
  const { words, threads } = start(2);
  await served(words, 2);
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  await expect(threads.failed).rejects.toMatchObject({
    code: "DEVICE_FAILED",
    message: "a thread of the WASM device ended: WASM kernel aborted at 7:9",
  });
  await threads.stop();
});

it("lets the process exit while threads wait", () => {
  const folder = mkdtempSync(join(tmpdir(), "maskfeat-"));
  const javascript = (path: string) =>
    ts.transpileModule(readFileSync(path, "utf8"), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    }).outputText;
  mkdirSync(join(folder, "gpu"));
  mkdirSync(join(folder, "sdk/platform"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "gpu/errors.js"), javascript("gpu/errors.ts"));
  writeFileSync(join(folder, "sdk/platform/node-threads.js"), javascript("sdk/platform/node-threads.ts"));
  writeFileSync(
    join(folder, "main.js"),
    `import { startThreads } from "./sdk/platform/node-threads.js";
     const module = new WebAssembly.Module(Buffer.from("${SERVER}", "base64"));
     const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
     startThreads({ module, memory, control: 64, count: 2 });
     const words = new Int32Array(memory.buffer, 64, 8);
     while (!Atomics.load(words, 1) || !Atomics.load(words, 2)) await new Promise((resolve) => setTimeout(resolve, 5));
     console.log("served");`,
  );
  const out = execFileSync(process.execPath, [join(folder, "main.js")], { encoding: "utf8", timeout: 20_000 });
  expect(out).toBe("served\n");
  rmSync(folder, { recursive: true });
});
