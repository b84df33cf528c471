/** The command `conformance`: its options, its files, comparisons with earlier runs, and how it fails. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cli, json, noGpu, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();
const run = (...args: string[]) => cli(["conformance", ...args], folder);
const few = ["--device", "wasm", "--cases", "C2/gelu/*"];

describe("the report", () => {
  it("has the documented fields, and files for people", async () => {
    const files = ["--html", join(folder, "r.html"), "--md", join(folder, "r.md")];
    const report = await json(["conformance", ...few, ...files], folder);
    expect(report).toMatchObject({
      command: "conformance",
      schema: 1,
      passed: true,
      failed: [],
      skipped: [],
      device: { kind: "wasm", adapter: null },
      levels: [{ level: "C2", failed: 0, worst: { case: expect.stringMatching(/^C2\/gelu\//) } }],
    });
    const fields = ["id", "level", "n", "maxAbs", "use", "boundKind", "ms", "status"];
    for (const c of report.cases) expect(Object.keys(c)).toEqual(expect.arrayContaining(fields));
    expect(report.hashes).toMatchObject({ wasm: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(readFileSync(join(folder, "r.html"), "utf8")).toMatch(/^<!doctype html>/i);
    expect(readFileSync(join(folder, "r.md"), "utf8")).toMatch(/^\| /m);
  });

  it("is a table on the terminal", async () => {
    const { code, stdout } = await run(...few);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^C2 kernels +\d+ +\d+ +0 +0 +PASS/m);
  });
});

describe("wrong usage", () => {
  it.each([
    [["--level", "thorough"], /--level must be one of quick, full, exhaustive/],
    [["--cases", "C9/*"], /no case of level quick matches C9/],
    [["--html", "r.pdf"], /--html must end in \.html/],
    [["diff", "a.json"], /usage: conformance diff A\.json B\.json/],
    [["compare", "a.json", "b.json"], /usage: conformance diff/],
    [["--weights", "w.safetensors"], /--weights needs --golden FILE/],
    [["--golden", "."], /--golden: expected conformance\/golden/],
    [["--browser", "chromium", "--threads", "2"], /--threads does not go with --browser/],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await run("--device", "wasm", ...args);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("says 3 where the device or the browser is absent, and never passes silently", async () => {
    expect((await cli(["conformance", "--device", "webgpu"], folder, { env: noGpu })).code).toBe(3);
    const { code, stderr } = await run("--browser", join(folder, "no-such-browser"));
    expect(stderr).toMatch(/there is no file/);
    expect(code).toBe(3);
  });

  it("says 1 for reports that cannot be read or are none", async () => {
    writeFileSync(join(folder, "other.json"), '{"command":"extract"}');
    expect(await run(...few, "--baseline", "missing.json")).toMatchObject({ code: 1, stdout: "" });
    const { code, stderr } = await run("diff", "other.json", "other.json");
    expect(stderr).toMatch(/other\.json/);
    expect(code).toBe(1);
  });
});

describe("comparisons", () => {
  const [a, b] = [join(folder, "a.json"), join(folder, "b.json")];
  beforeAll(async () => {
    const report = await json(["conformance", ...few], folder);
    writeFileSync(a, JSON.stringify(report));
    const broken = report.cases.map((c: object, i: number) => (i === 0 ? { ...c, status: "failed", use: 40 } : c));
    writeFileSync(b, JSON.stringify({ ...report, cases: broken }));
  });

  it("of a report with itself finds nothing", async () => {
    expect(await json(["conformance", "diff", a, a], folder)).toMatchObject({
      command: "conformance",
      changed: [],
      onlyA: [],
      onlyB: [],
      sameCode: true,
      worse: 0,
    });
  });

  it("find what broke, and fail", async () => {
    const { code, stdout } = await run("diff", a, b);
    expect(stdout).toMatch(/C2\/gelu\//);
    expect(code).toBe(1);
    expect(await json(["conformance", "diff", b, a], folder)).toMatchObject({ worse: 0, better: 1 });
  });

  it("with a baseline fail where a case of it is gone", async () => {
    expect((await run(...few, "--baseline", a)).code).toBe(0);
    const fewer = await run("--device", "wasm", "--cases", "C2/gelu/*/uniform", "--baseline", a);
    expect(fewer.code).toBe(1);
  });
});
