/** A second WGSL compiler: Deno's WebGPU is wgpu with naga, as in Firefox. Every pipeline is created there, and a tiny model agrees. */

import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { softwareGpu, softwareGpuRuns } from "../scripts/software.mjs";
import { getModel, tensor } from "../sdk/node.js";
import { bundle } from "./bundle.js";
import { temporaryFolder } from "./cli.js";
import { opCases } from "./ops.cases.js";
import { isForGpu, useOf } from "./ops.expected.js";
import type { Ran } from "./page/ops.js";
import { tiny } from "./tiny.js";

const run = promisify(execFile);

/** Deno's executable, from the package registry into the cache; undefined where it cannot be had. */
async function fetchDeno(): Promise<string | undefined> {
  if (!softwareGpuRuns()) return undefined;
  const cache = resolve("node_modules/.cache/deno-2.9.5");
  const program = join(cache, "node_modules/@deno/linux-x64-glibc/deno");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", cache];
  if (!existsSync(program)) {
    const [command, ...first] = [...npm, ...args, "@deno/linux-x64-glibc@2.9.5"];
    await run(command, first, { timeout: 120_000 }).catch(() => undefined);
  }
  return existsSync(program) ? program : undefined;
}

const deno = await fetchDeno();
const cases = opCases.map((c, place) => ({ name: c.name, c, place })).filter(({ c }) => isForGpu(c));

interface Answer {
  readonly device: { readonly kind: string; readonly selfTest: { readonly passed: boolean } };
  readonly images: number[];
  readonly feat: number[];
  readonly loss: number;
  readonly ran: Ran[];
}

describe.skipIf(!deno)("Deno (wgpu, naga)", () => {
  const folder = temporaryFolder();
  let answer: Answer;

  beforeAll(async () => {
    const file = join(folder, "main.mjs");
    writeFileSync(file, await bundle("test/page/deno.ts"));
    const env = { ...process.env, ...softwareGpu().env, DENO_DIR: join(folder, "deno"), NO_COLOR: "1" };
    const places = JSON.stringify(cases.map(({ place }) => place));
    const { stdout } = await run(deno as string, ["run", "-A", file, places], { env, maxBuffer: 2 ** 28 });
    answer = JSON.parse(stdout);
  }, 600_000);

  it("a tiny model passes its self-test and gives the features and the loss of WASM", async () => {
    expect(answer.device).toMatchObject({ kind: "webgpu", selfTest: { passed: true } });
    using model = await getModel(tiny, { weights: "procedural", device: "wasm", threads: 1 });
    const images = tensor(answer.images, [2, 3, 56, 56]);
    const [feat] = await model.extractFeat(images);
    expect(feat.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - answer.feat[i])), 0)).toBeLessThan(2e-5);
    const { loss } = await model.forward(images, { mode: "loss", mask: { seed: 3 } });
    expect(answer.loss).toBeCloseTo(loss, 6);
  });

  it.each(cases.map(({ name, c }, i) => ({ name, c, i })))("$name", ({ c, i }) => {
    const { output, error } = answer.ran[i];
    expect(error).toBeUndefined();
    const bytes = new Uint8Array(Buffer.from(output as string, "base64"));
    expect(useOf(c, new Float32Array(bytes.buffer))).toBeLessThanOrEqual(1);
  });
});
