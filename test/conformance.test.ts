/** The conformance suite at level quick on every device of this machine, through the command line: everything within its bounds. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Level, levels } from "../conformance/case.js";
import type { Report } from "../conformance/report.js";
import { fetchDeno } from "../scripts/deno.mjs";
import { softwareGpu, softwareGpuRuns } from "../scripts/software.mjs";
import { json, temporaryFolder } from "./cli.js";

interface Run {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another runtime than this one. */
  readonly runtime?: readonly string[];
  /** Why it cannot be run here. */
  readonly absent?: boolean;
  readonly expected: object;
}

const software = softwareGpuRuns() ? softwareGpu() : undefined;
const deno = fetchDeno();
const browser = { ...software?.chromiumEnv, MASKFEAT_BROWSER_ARGS: software?.chromiumArgs.join(" ") ?? "" };
const must = process.env.CI === "true" && process.platform === "linux" && process.arch === "x64";
const absent = !software && !must;

const runs: Readonly<Record<string, Run>> = {
  "Node, WASM": { args: ["--device", "wasm"], expected: { kind: "wasm" } },
  "Node, WebGPU": {
    args: ["--device", "webgpu"],
    env: software?.env,
    absent,
    expected: { kind: "webgpu", adapter: "google / swiftshader" },
  },
  "Chromium, WASM": {
    args: ["--browser", software?.chromium ?? "chromium", "--device", "wasm"],
    env: browser,
    absent,
    expected: { kind: "wasm" },
  },
  "Chromium, WebGPU": {
    args: ["--browser", software?.chromium ?? "chromium", "--device", "webgpu"],
    env: browser,
    absent,
    expected: { kind: "webgpu", isFallback: true },
  },
  "Deno, WebGPU": {
    args: ["--device", "webgpu"],
    env: { ...software?.env, DENO_DIR: resolve("node_modules/.cache/deno-dir"), NO_COLOR: "1" },
    runtime: deno ? [deno, "run", "-A"] : undefined,
    absent: !deno,
    expected: { kind: "webgpu", isFallback: true },
  },
};

describe.each(Object.entries(runs))("%s", (_, { args, env, runtime, absent = false, expected }) => {
  const folder = temporaryFolder();
  let report: Report & { error?: unknown };
  const own = (level: Level) => report.levels.find((found) => found.level === level);

  describe.skipIf(absent)("level quick", () => {
    beforeAll(async () => {
      report = await json(["conformance", ...args, "--html", join(folder, "r.html")], folder, { env, runtime });
      expect(report.error).toBeUndefined();
    }, 600_000);

    it("runs on the device asked for, all of it", () => {
      expect(report.device).toMatchObject(expected);
      expect(report.passed).toBe(true);
      expect(existsSync(join(folder, "r.html"))).toBe(true);
    });

    it.each(levels)("%s", (level) => {
      expect(report.failed.filter((f) => f.case.startsWith(level))).toEqual([]);
      expect(own(level)?.passed, level).toBeGreaterThan(3);
      expect(own(level)?.worst?.use).toBeLessThanOrEqual(1);
    });

    it("says of everything that is left out why", () => {
      for (const { reason } of report.skipped) expect(reason).toMatch(/software GPU|stores f32/);
      const tried = (own("C2")?.cases ?? 0) + (own("C2")?.skipped ?? 0);
      expect(tried).toBeGreaterThan(290);
    });
  });
});

describe("the figures of PyTorch's own float32", () => {
  it("are beside ours, and ours are not four times as large", async () => {
    const folder = temporaryFolder();
    const report: Report = await json(["conformance", "--device", "wasm", "--cases", "C4/vit-base/*"], folder);
    const largest = (id: string) => report.cases.find((c) => c.id === `C4/vit-base/${id}`)?.maxAbs;
    expect(largest("logits")).toBeLessThan(4 * 7.5e-7);
    const readme = readFileSync("README.md", "utf8");
    expect(readme).toContain("conformance");
  });
});
