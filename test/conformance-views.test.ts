import { describe, expect, it } from "vitest";
import { HISTOGRAM, WRONG } from "../conformance/case.js";
import { compareReports } from "../conformance/views/diff.js";
import { htmlReport, reportBody } from "../conformance/views/html.js";
import { markdown } from "../conformance/views/markdown.js";
import { parseReport } from "../conformance/views/parse.js";
import { bucketNames, bucketOf, cosText, useText, whole } from "../conformance/views/summary.js";
import { diffText, terminalText } from "../conformance/views/terminal.js";
import { MaskFeatError } from "../gpu/errors.js";
import { madeUpCase, madeUpReport, reportOf } from "./reports.js";

const HOSTILE = 'C2/<script>alert("1")</script>/`a|b` ``c`` @you #1 *x* \\|\n| --- |\u001b[31m';
const hostile = reportOf([madeUpCase(HOSTILE, 3, { reason: HOSTILE })], {
  skipped: [{ id: HOSTILE, reason: HOSTILE }],
  runtime: HOSTILE,
  version: HOSTILE,
  date: HOSTILE,
  dtype: HOSTILE,
  facts: [{ name: HOSTILE, value: HOSTILE }],
  hashes: { wasm: HOSTILE, wgsl: HOSTILE, golden: HOSTILE },
});

/** The only line, which starts with this. */
function line(text: string, start: string): string {
  const found = text.split("\n").filter((row) => row.startsWith(start));
  expect(found).toHaveLength(1);
  return found[0];
}

describe("numbers in reports", () => {
  it("writes uses, cosines and counts", () => {
    expect([0, 1e-9, 0.00123, 0.31, 0.5, 1, 42.4, 1234, WRONG].map(useText)).toEqual([
      ...["0", "1.0e-9", "0.0012", "0.31", "0.5", "1", "42", "1.2e+3", "∞"],
    ]);
    expect([1, 1 + 1e-16, 1 - 2e-13, 0.99, -1, WRONG].map(cosText)).toEqual([
      "1",
      "1",
      "1-2e-13",
      "0.9900",
      "-1.0000",
      "–",
    ]);
    expect([0, 999, 1000, 1234567].map(whole)).toEqual(["0", "999", "1,000", "1,234,567"]);
  });

  it("puts shares of a bound into the histogram's buckets", () => {
    expect(bucketNames).toHaveLength(HISTOGRAM);
    const uses = [0, 2 ** -12, 2 ** -10.5, 2 ** -9.5, 0.3, 0.6, 1, 1.01, WRONG];
    expect(uses.map(bucketOf)).toEqual([0, 0, 0, 1, 9, 10, 10, 11, 11]);
    expect(uses.map((use) => bucketNames[bucketOf(use)]).slice(2)).toEqual([
      "1/1024",
      "1/512",
      "1/2",
      "1",
      "1",
      "over",
      "over",
    ]);
  });
});

describe("terminalText", () => {
  it("has a row for each level and ends with the verdict", () => {
    const report = madeUpReport(300);
    const text = terminalText(report);
    expect(line(text, "device")).toBe(
      "device  WebGPU · google / swiftshader (a software adapter, not a GPU; kernels direct; asked for)",
    );
    const worst = report.levels[2].worst!;
    expect(line(text, "C2 kernels").split(/\s{2,}/)).toEqual([
      ...["C2 kernels", "210", "210", "0", "0", "PASS", useText(worst.use), worst.case],
    ]);
    expect(text).toContain("skipped: 3\n  2  exhaustive runs only\n  1  the device has no shader-f16\n");
    expect(text.split("\n").at(-1)).toBe(
      `PASS  All 300 cases pass; worst use ${useText(worst.use)} (${worst.case}); 8.2 s`,
    );
  });

  it("shows ten of the cases that failed, each with its reason", () => {
    const text = terminalText(madeUpReport(3000, 14));
    expect(text).toMatch(/^failed: 14$/m);
    expect(text.match(/^ {4}an error of .+ bounds at \[0,3,17\]\n {4}use .+, largest error .+$/gm)).toHaveLength(10);
    expect(text).toContain("\n  and 4 more\n");
    expect(text.split("\n").at(-1)).toMatch(/^FAIL {2}14 of 3,000 cases failed; worst use ∞ \(/);
  });

  it("shows what never ran as such", () => {
    const report = reportOf([], { passed: false, skipped: [{ id: "C3/block 0", reason: "no goldens" }] });
    const text = terminalText(report);
    expect(line(text, "C3").split(/\s{2,}/)).toEqual(["C3 transformer blocks", "0", "0", "0", "1", "–", "–"]);
    expect(text.split("\n").at(-1)).toBe("FAIL  Nothing was compared; 8.2 s");
  });

  it("lets no name command the terminal", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test is about them
    expect(terminalText(hostile)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(terminalText(hostile)).not.toMatch(/^\| ---/m);
  });
});

/** Cells of a table's row, as GitHub splits them: what is behind a backslash is text. */
const cellsOf = (row: string) => row.match(/(?:\\.|[^|\\])+/g) ?? [];

describe("markdown", () => {
  it("has the table of levels, the ten worst and the reasons of skips", () => {
    const report = madeUpReport(300);
    const text = markdown(report);
    expect(text).toContain("| Level | cases | failed | skipped | worst use | cos >= | result |\n| --- | ---: |");
    expect(line(text, "| C0 device ")).toBe("| C0 device | 18 | 0 | 0 | 0 (limits) | 1 | PASS |");
    expect(text.match(/^\| `C\d\/.*\| passed \|$/gm)).toHaveLength(10);
    expect(text).toContain("- 2 cases: exhaustive runs only\n- 1 case: the device has no shader-f16\n");
    expect(text).toContain(`| SHA-256 | wasm \`abababababab\`, `);
  });

  it("keeps every row whole and all markup out, whatever names and reasons are", () => {
    const text = markdown(hostile);
    expect(text).not.toMatch(/<script>(?![^`\n]*`)/);
    const tables = text
      .trim()
      .split("\n\n")
      .filter((block) => block.startsWith("|"));
    expect(tables).toHaveLength(3);
    for (const table of tables) expect(new Set(table.split("\n").map((row) => cellsOf(row).length)).size).toBe(1);
    const [reason] = text.split("\n").filter((row) => row.startsWith("- 1 case: "));
    expect(reason).toBe(
      '- 1 case: C2/&lt;script&gt;alert("1")&lt;/script&gt;/\\`a\\|b\\` \\`\\`c\\`\\` @\u200byou \\#1 \\*x\\* \\\\\\| \\| --- \\|\u001b\\[31m',
    );
    expect(text).toContain('``` C2/<script>alert("1")</script>/`a\\|b` ``c`` @you');
  });
});

describe("htmlReport", () => {
  it("holds no script and makes no request, whatever the names", () => {
    const text = htmlReport(hostile);
    expect(text).not.toMatch(/<script|https?:|@import|url\(| on[a-z]+=/);
    expect(text).toContain("&lt;script&gt;");
    expect(text).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'`);
  });

  it("has a cell and a row for each case", () => {
    const text = htmlReport(madeUpReport(300, 3));
    expect(text.match(/href="#case-\d+" tabindex="-1"/g)).toHaveLength(300);
    expect(text.match(/<tr id="case-\d+">/g)).toHaveLength(300);
    expect(text.match(/class="x" href="#case-/g)).toHaveLength(3);
    expect(text).toContain('<h2 id="verdict">3 of 300 cases failed</h2>');
  });

  it("shows failed and skipped cases only where there are some, and a run of nothing", () => {
    const ids = (text: string) => [...text.matchAll(/<h2 id="([a-z]+)"/g)].map((match) => match[1]);
    const all = ["verdict", "failed", "levels", "map", "histograms", "closest", "skipped", "device"];
    expect(ids(reportBody(madeUpReport(300, 3)).text)).toEqual(all);
    const rest = all.filter((id) => !["failed", "skipped"].includes(id));
    expect(ids(reportBody(madeUpReport(300, 0, { skipped: [] })).text)).toEqual(rest);
    expect(ids(htmlReport(reportOf([], { passed: false })))).toEqual(["verdict", "levels", "device"]);
  });

  it("lists many failed cases behind a click", () => {
    const text = htmlReport(madeUpReport(300, 40));
    const found = /<summary>(\d+) more<\/summary>/.exec(text);
    expect(20 + Number(found?.[1])).toBe(text.match(/bounds at \[0,3,17\]<\/p><small>/g)?.length);
  });
});

describe("compareReports", () => {
  const cases = (uses: Readonly<Record<string, number>>) =>
    Object.entries(uses).map(([id, use]) => madeUpCase(`C2/linear/${id}`, use));
  const before = reportOf(
    cases({ same: 0.1, breaks: 0.2, mends: 5, grows: 0.1, shrinks: 0.1, goes: 0.1, tiny: 1e-8 }),
    {
      skipped: [{ id: "C4/tiny", reason: "no goldens" }],
    },
  );

  it("finds nothing between a report and itself", () => {
    const diff = compareReports(before, before);
    expect(diff).toMatchObject({
      changed: [],
      onlyA: [],
      onlyB: [],
      differences: [],
      sameCode: true,
      worse: 0,
      better: 0,
    });
    expect(diffText(diff)).toMatch(/\n\nSAME {2}no case that passed before fails now; the same kernels$/);
  });

  it("tells what broke from what was mended, grew, shrank, went and came", () => {
    const next = cases({ same: 0.19, breaks: 2, mends: 0.5, grows: 0.21, shrinks: 0.04, tiny: 1e-5, comes: 0.1 });
    const after = reportOf([...next, madeUpCase("C4/tiny", 0.2)], {
      device: { ...before.device, kind: "wasm", adapter: null, threads: 2 },
      hashes: { ...before.hashes, wgsl: "00" },
    });
    const diff = compareReports(before, after);
    expect(diff.changed.map(({ case: id, kind }) => `${id} ${kind}`)).toEqual([
      ...["C4/tiny status", "C2/linear/breaks status", "C2/linear/mends status"],
      ...["C2/linear/grows grown", "C2/linear/shrinks shrunk"],
    ]);
    expect(diff.onlyA).toEqual([{ case: "C2/linear/goes", status: "passed", use: 0.1 }]);
    expect(diff.onlyB).toEqual([{ case: "C2/linear/comes", status: "passed", use: 0.1 }]);
    expect([diff.worse, diff.better, diff.sameCode]).toEqual([2, 2, false]);
    expect(diff.differences.map(({ name }) => name)).toEqual(["device", "threads", "wgsl"]);
    const text = diffText(diff);
    expect(text).toContain("another outcome: 3\n  C2/linear/breaks: passed (0.2) -> failed (2)\n");
    expect(text).toContain("C4/tiny: skipped -> passed (0.2)");
    expect(text).toContain("missing now: 1\n  C2/linear/goes: passed (0.1)\n");
    expect(line(text, "C4 models").split(/\s{2,}/)).toEqual(["C4 models", "0 -> 1", "0", "1 -> 0", "– -> 0.2"]);
    expect(text).toMatch(/\nWORSE {2}2 cases passed before and do not now; other kernels$/);
  });

  it("calls a case that is skipped now worse, and one that only came no better", () => {
    const one = reportOf([madeUpCase("C1/exp", 0.1)]);
    const skipped = reportOf([], { skipped: [{ id: "C1/exp", reason: "no GPU" }] });
    expect(compareReports(one, skipped)).toMatchObject({ worse: 1, better: 0, onlyA: [] });
    expect(compareReports(skipped, one)).toMatchObject({ worse: 0, better: 1 });
    expect(compareReports(reportOf([]), one)).toMatchObject({ worse: 0, better: 0 });
  });
});

describe("parseReport", () => {
  const report = madeUpReport(40, 2);

  it("reads back what was written", () => {
    expect(parseReport(JSON.stringify(report), "a.json")).toEqual(report);
  });

  const change = (fields: object) => ({ cases: [report.cases[0], { ...report.cases[1], ...fields }] });
  it.each([
    ["no JSON", "", /^a\.json: expected the JSON of conformance --json: /],
    ["an array", "[]", "a.json: expected an object, found an array of 0"],
    ["null", "null", "a.json: expected an object, found null"],
    ["another command", '{"command":"info"}', 'a.json.command: expected "conformance", found "info"'],
    ["another schema", { schema: 2 }, "a.json.schema: expected 1, the format that this version reads, found 2"],
    ["a hash missing", { hashes: { wasm: "", wgsl: "" } }, "a.json.hashes.golden: expected a text, found nothing"],
    ["no list", { levels: {} }, "a.json.levels: expected an array, found an object"],
    ["no boolean", { passed: "yes" }, 'a.json.passed: expected true or false, found "yes"'],
    ["no number", change({ use: null }), "a.json.cases[1].use: expected a finite number, found null"],
    ["no choice", change({ status: "ok" }), 'a.json.cases[1].status: expected "passed" or "failed", found "ok"'],
    ["a short list", change({ histogram: [1] }), "a.json.cases[1].histogram: expected 12 counts, found an array of 1"],
    ["an object for a text", { dtype: { f32: 1 }, ms: "x" }, "a.json.dtype: expected a text, found an object"],
  ] as const)("says what is wrong with %s", (_, wrong, message) => {
    const text = typeof wrong === "string" ? wrong : JSON.stringify({ ...report, ...wrong });
    const read = () => parseReport(text, "a.json");
    expect(read).toThrow(message);
    expect(read).toThrow(MaskFeatError);
    expect(read).toThrow(expect.objectContaining({ code: "REPORT_FORMAT" }));
  });
});
