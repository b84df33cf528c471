/** What happens to a run when a thread of the WASM device is gone. */

import { compileFunction } from "node:vm";
import { expect, it } from "vitest";
import { plan } from "../gpu/graph/plan.js";
import { Tape } from "../gpu/graph/tape.js";
import { ops } from "../gpu/ops/index.js";
import { bestBuild } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import type { Platform } from "../sdk/model/platform.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { PROGRAM } from "../sdk/platform/node-threads.js";

/** A platform whose threads die before they serve. */
const deadThreads: Platform = {
  ...nodePlatform,
  startThreads({ memory, dead }) {
    Atomics.store(new Int32Array(memory.buffer), dead / 4, 1);
    return { stop: async () => {} };
  },
};

async function addOn(platform: Platform): Promise<Float32Array> {
  const device = new WasmDevice(platform, 2, bestBuild());
  const tape = new Tape(ops);
  const x = tape.input("x", [4]);
  const [y] = tape.call("add", "", [x, x], {});
  const program = await device.compile(
    plan(tape.calls, [y]),
    new Map([[x, await device.param(x, Float32Array.of(1, 2, 3, 4))]]),
  );
  try {
    await program.run();
    return (await program.read())[0];
  } finally {
    device.destroy();
  }
}

it("threads that serve give the result", async () => {
  expect([...(await addOn(nodePlatform))]).toEqual([2, 4, 6, 8]);
});

it("a dead thread is an error, not a hang", async () => {
  await expect(addOn(deadThreads)).rejects.toMatchObject({ name: "DeviceError", code: "DEVICE_FAILED" });
});

it("a thread's program stands inside of a CommonJS module, as Deno and Bun run it", () => {
  expect(compileFunction(PROGRAM, ["module", "exports", "require"])).toBeTypeOf("function");
});
