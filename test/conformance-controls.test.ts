/** The suite itself: devices that compute nothing fail, one that computes perfectly passes with half of every bound to spare. */

import { describe, expect, it } from "vitest";
import type { CaseResult } from "../conformance/case.js";
import { opCases } from "../conformance/levels/kernels.js";
import { ReferenceDevice } from "../conformance/reference-device.js";
import { conformance, type RunOptions, runCase } from "../conformance/run.js";
import { measure } from "../conformance/score.js";
import type { Env, Host } from "../conformance/suite.js";
import { hostOn, zeroDevice } from "./conformance.controls.js";
import { host } from "./conformance.host.js";
import { codeOf } from "./helpers.js";
import { describeOn } from "./needs.js";

/** What the cases that match find at level quick. */
async function run(on: Host, cases: string, options: Partial<RunOptions> = {}): Promise<readonly CaseResult[]> {
  return (await conformance(on, { scope: "quick", cases, ...options })).cases;
}

const passed = (results: readonly CaseResult[]) => results.filter((r) => r.status === "passed").map((r) => r.id);

describe("a device whose programs give zeros", () => {
  const zeros = hostOn(zeroDevice);

  it("fails C0 in all but what memory and flushing alone decide", async () => {
    const allowed = /^C0\/(canary\/|memory\/|arithmetic\/denormals$)/;
    expect(passed(await run(zeros, "C0/*")).filter((id) => !allowed.test(id))).toEqual([]);
  });

  it("fails C2 wherever the answer is not zero, or flushed to it", async () => {
    const results = await run(zeros, "C2/*");
    expect(results.length).toBe(opCases().filter((c) => c.scope === "quick").length);
    const believed = results.filter((r) => r.status === "passed" && r.maxAbs > 0 && !r.id.endsWith("/subnormal"));
    expect(believed.map(({ id, use }) => `${id}: ${use}`)).toEqual([]);
  });

  it.each(["C3/*", "C4/tiny/*", "C7/*"])("fails every case of %s", async (cases) => {
    expect(passed(await run(zeros, cases))).toEqual([]);
  });
});

describeOn("Dawn", "Dawn's null backend", () => {
  it("fails C0, C2, C3, C4 and C7", async () => {
    const { create } = await import("webgpu");
    // kept for the life of the process
    const none = create(["backend=null"]);
    const device = (await (await none.requestAdapter())?.requestDevice()) as GPUDevice;
    for (const cases of [
      "C0/*",
      "C2/attention/*",
      "C2/layerNorm/*",
      "C2/linear/[5,*",
      "C3/*",
      "C4/tiny/*",
      "C7/mmpretrain/*",
    ]) {
      const results = await run(host, cases, { device });
      expect(results.length).toBeGreaterThan(3);
      // what is read back was never written: now and then it repeats itself, or is zero, as denormals may be
      const allowed = /^C0\/(repeats\/|arithmetic\/denormals$)/;
      expect(passed(results).filter((id) => !allowed.test(id))).toEqual([]);
      expect(passed(results).length).toBeLessThan(results.length / 10);
    }
  });
});

describe("float64, rounded to f32 at the end", () => {
  const exact = hostOn(() => new ReferenceDevice());

  // one kind of data and one block: test/kernels.test.ts does this for every kernel, and blocks take seconds in plain TypeScript
  it.each(["C0/*", "C1/*", "C2/*/spread", "C3/block/4", "C4/tiny/*", "C7/transformers/*"])(
    "uses at most half of every bound: %s",
    async (cases) => {
      const results = await run(exact, cases);
      expect(results.length).toBeGreaterThan(0);
      expect(results.filter((r) => r.use > 0.5).map(({ id, use }) => `${id}: ${use}`)).toEqual([]);
    },
  );
});

describe("float64, all that is stored rounded to f16", () => {
  it.each(["C0/*", "C1/*", "C2/*/spread", "C3/block/4", "C4/tiny/*", "C7/transformers/*"])(
    "stays within every bound of f16: %s",
    async (cases) => {
      const results = await run(
        hostOn(() => new ReferenceDevice(true)),
        cases,
        { dtype: "f16" },
      );
      expect(results.length).toBeGreaterThan(0);
      // a number halfway between two of f16 uses all of a closed bound. An envelope takes errors to be as large for all numbers between two
      // powers of two as for the smallest; numbers whose logarithms are evenly spread err by sqrt(3 / (8 ln 2)) = 0.74 of that, in the root
      // mean square
      const allowed = { closed: 1, envelope: 0.9, exact: 0 };
      expect(results.filter((r) => r.use > allowed[r.boundKind]).map(({ id, use }) => `${id}: ${use}`)).toEqual([]);
    },
  );
});

it("a case that compares nothing fails", async () => {
  const nothing = { id: "C2/nothing", level: "C2", boundKind: "closed", scope: "quick" } as const;
  const result = await runCase({ ...nothing, measure: async () => measure([], [], []) }, {} as Env);
  expect(result).toMatchObject({ n: 0, status: "failed", reason: "it compared nothing" });
});

it.each(["quick/tiny.safetensors", "quick/pipeline.json"])(
  "a changed byte of %s is found by its hash",
  async (changed) => {
    const other: Host = {
      ...host,
      async golden(name) {
        const data = await host.golden(name);
        return name === changed ? data?.with(data.length - 9, data[data.length - 9] ^ 1) : data;
      },
    };
    expect(await codeOf(() => run(other, "C0/arithmetic/NaN", { device: "wasm", threads: 1 }))).toBe("GOLDEN_CHANGED");
  },
);
