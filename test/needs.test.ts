/** Tests whose device is absent: skipped under its name, but a failure in continuous integration. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const config = "test/absent/vitest.config.ts";

/** What the tests of test/absent/tests.ts, which has one for each device, come to under `env`: full name -> outcome. */
async function outcomes(env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const args = ["node_modules/vitest/vitest.mjs", "run", "--config", config, "--reporter", "json"];
  const own = { ...process.env, CI: "", MASKFEAT_F16: "", ...env };
  const run = promisify(execFile)(process.execPath, args, { env: own });
  // a run with failures rejects
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf("{")));
  const tests: { fullName: string; status: string; failureMessages: string[] }[] = testResults[0].assertionResults;
  return Object.fromEntries(
    tests.map(({ fullName, status, failureMessages: [message = ""] }) => [
      fullName,
      [status, ...message.split("\n").slice(0, 1)].join(" ").trim(),
    ]),
  );
}

/** That the tests of a device are skipped, under a name that says why. */
const skipped = (...devices: string[]) =>
  Object.fromEntries(devices.map((device) => [`tests (needs ${device}: no ${device}) run`, "skipped"]));
/** That one failure stands for the tests of a device. */
const failed = (...devices: string[]) =>
  Object.fromEntries(
    devices.map((device) => [`tests has ${device}`, `failed Error: ${device} must be here: no ${device}`]),
  );

describe("tests of an absent device", () => {
  it("are skipped under its name; those of one that is here run", async () => {
    expect(await outcomes({})).toEqual({
      ...skipped("WASM", "Dawn", "Chromium", "shader-f16"),
      "tests of Deno run": "passed",
    });
  });

  it("fail in continuous integration where `npm ci` brings the device", async () => {
    const isLinux = process.platform === "linux" && process.arch === "x64";
    const installed = ["WASM", "Dawn", "Chromium"];
    expect(await outcomes({ CI: "true" })).toEqual({
      ...(isLinux ? failed(...installed) : skipped(...installed)),
      ...skipped("shader-f16"),
      "tests of Deno run": "passed",
    });
  });

  it("fail under `npm run f16` without half precision", async () => {
    expect(await outcomes({ MASKFEAT_F16: "required" })).toEqual({
      ...skipped("WASM", "Dawn", "Chromium"),
      ...failed("shader-f16"),
      "tests of Deno run": "passed",
    });
  });
});
