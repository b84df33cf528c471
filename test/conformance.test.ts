/** The conformance suite at level quick on every device of this machine, through the command line: everything within its bounds. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { type Level, levels } from "../conformance/case.js";
import { openGolden } from "../conformance/golden.js";
import { opCases } from "../conformance/levels/kernels.js";
import type { Report } from "../conformance/report.js";
import { fetchDeno } from "../scripts/deno.mjs";
import { softwareGpu, softwareGpuRuns } from "../scripts/software.mjs";
import { cli, json, temporaryFolder } from "./cli.js";
import { type Device, describeOn } from "./needs.js";

interface Run {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another runtime than this one. */
  readonly runtime?: readonly string[];
  readonly device: Device;
  /** Why the device is absent, if the set-up does not know. */
  readonly why?: string;
  readonly expected: object;
  /** The fewest cases that are compared. */
  readonly least?: number;
  /** Levels of which nothing is compared. */
  readonly without?: readonly Level[];
  /** One level that stands for all in `npm test`; `npm run soak` runs all of them. */
  readonly short?: Level;
}

/** Paths and environments of what the development packages bring, if this machine can run it. */
const software = softwareGpuRuns() ? softwareGpu() : undefined;
const deno = fetchDeno();
const browser = { ...software?.chromiumEnv, MASKFEAT_BROWSER_ARGS: software?.chromiumArgs.join(" ") ?? "" };

const runs: Readonly<Record<string, Run>> = {
  "Node, WASM": { device: "WASM", args: ["--device", "wasm"], expected: { kind: "wasm" }, least: 400 },
  "Node, WASM, f16": {
    device: "WASM",
    args: ["--device", "wasm", "--dtype", "f16"],
    expected: { kind: "wasm" },
    least: 400,
  },
  // 8-bit integers are no match for the envelopes of f32, and say so
  "Node, WASM, int8": {
    device: "WASM",
    args: ["--device", "wasm", "--dtype", "int8"],
    expected: { kind: "wasm" },
    least: 340,
    without: ["C3", "C4"],
  },
  "Node, WebGPU": {
    device: "Dawn",
    args: ["--device", "webgpu"],
    env: software?.env,
    expected: { kind: "webgpu", adapter: "google / swiftshader", variant: "direct" },
  },
  "Chromium, WASM": {
    args: ["--browser", software?.chromium ?? "chromium", "--device", "wasm"],
    env: browser,
    device: "Chromium",
    expected: { kind: "wasm" },
  },
  // its compiler is an older one of Dawn's: whole models meet every kernel
  "Chromium, WebGPU": {
    short: "C4",
    least: 10,
    args: ["--browser", software?.chromium ?? "chromium", "--device", "webgpu"],
    env: browser,
    device: "Chromium",
    expected: { kind: "webgpu", isFallback: true },
  },
  // with the kernels of GPUs, as software adapters have their own
  "Deno, WebGPU": {
    short: "C2",
    args: ["--device", "webgpu", "--matmul", "tiled"],
    env: { ...software?.env, DENO_DIR: resolve("node_modules/.cache/deno-dir"), NO_COLOR: "1" },
    runtime: deno ? [deno, "run", "-A"] : undefined,
    device: "Deno",
    why: deno ? undefined : "it cannot be fetched, or is not for this machine",
    expected: { kind: "webgpu", isFallback: true, variant: "tiled" },
  },
};

for (const [name, run] of Object.entries(runs)) {
  const { args, env, runtime, device, why, expected, least = 100, without = [] } = run;
  const short = process.env.MASKFEAT_SOAK ? undefined : run.short;
  const chosen = short ? ["--cases", `${short}/*`] : [];
  describeOn(
    device,
    `level quick: ${name}`,
    () => {
      const folder = temporaryFolder();
      let report: Report & { error?: unknown };
      const own = (level: Level) => report.levels.find((found) => found.level === level);

      beforeAll(async () => {
        report = await json(["conformance", ...args, ...chosen, "--html", join(folder, "r.html")], folder, {
          env,
          runtime,
        });
        expect(report.error).toBeUndefined();
      }, 600_000);

      it("runs on the device asked for, all of it", () => {
        expect(report.device).toMatchObject(expected);
        expect(report.passed).toBe(true);
        expect(existsSync(join(folder, "r.html"))).toBe(true);
      });

      it.each(short ? [short] : levels.filter((level) => !without.includes(level)))("%s", (level) => {
        expect(report.failed.filter((f) => f.case.startsWith(level))).toEqual([]);
        expect(own(level)?.passed, level).toBeGreaterThan(3);
        expect(own(level)?.worst?.use).toBeLessThanOrEqual(1);
      });

      it("says of everything that is left out why", () => {
        for (const { reason } of report.skipped) expect(reason).toMatch(/software GPU|stores f32|int8 approximates/);
        if (short) return;
        const tried = (own("C2")?.cases ?? 0) + (own("C2")?.skipped ?? 0);
        expect(tried).toBe(opCases().filter((c) => c.scope === "quick").length);
      });

      it("compares something in every case, and many cases", () => {
        expect(report.cases.filter(({ n }) => n === 0)).toEqual([]);
        expect(report.cases.length).toBeGreaterThanOrEqual(least);
        for (const level of without) expect(own(level)?.cases).toBe(0);
      });

      if (name !== "Node, WASM") return;
      it("errs in ViT-B/16 by no more than four times what PyTorch's own float32 does", async () => {
        const file = "quick/vit-base.safetensors";
        const { cases } = await openGolden(file, new Uint8Array(readFileSync(join("conformance/golden", file))));
        expect(report.cases.filter(({ id }) => id.startsWith("C4/vit-base/"))).toHaveLength(cases.length);
        for (const { id, torch } of cases) {
          const own = Math.max(...Object.values(torch ?? {}).map(({ max }) => max));
          expect(report.cases.find((c) => c.id === `C4/${id}`)?.maxAbs, id).toBeLessThanOrEqual(4 * own);
        }
      });
    },
    why,
  );
}

describeOn("Dawn", "the matmul of real GPUs", () => {
  // "direct" is what software adapters take: the run above has it
  it("is within its bounds", async () => {
    const matmul = "tiled";
    const args = ["conformance", "--device", "webgpu", "--matmul", matmul, "--cases", "C*/linear*"];
    const report: Report = await json(args, temporaryFolder(), { env: software?.env });
    expect(report).toMatchObject({ passed: true, failed: [], device: { kind: "webgpu", variant: matmul } });
    expect(report.cases.length).toBeGreaterThan(20);
  });
});

describeOn("Chromium", "in a browser", () => {
  const folder = temporaryFolder();
  const inChromium = (...args: string[]) =>
    cli(["conformance", "--browser", software?.chromium ?? "", ...args], folder, { env: browser });

  it("wrong usage is wrong usage, and an absent device absent", async () => {
    const { code, stderr } = await inChromium("--device", "wasm", "--cases", "C9/*");
    expect(stderr).toMatch(/no case of level quick matches C9/);
    expect(code).toBe(2);
    const without = {
      env: { ...browser, MASKFEAT_BROWSER_ARGS: "--no-sandbox --disable-gpu --disable-features=WebGPU" },
    };
    const args = ["conformance", "--browser", software?.chromium ?? "", "--device", "webgpu"];
    expect((await cli(args, folder, without)).code).toBe(3);
  });

  it("that ends without a result is told", async () => {
    const { code, stderr } = await cli(["conformance", "--browser", process.execPath], folder);
    expect(stderr).toMatch(/before the suite had a result/);
    expect(code).toBe(1);
  });
});
