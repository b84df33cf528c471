/** A report as Markdown, to be pasted into an issue or a README. */

import type { Report } from "../report.js";
import {
  cosText,
  count,
  dateText,
  deviceName,
  errorNote,
  errorText,
  levelCos,
  levelName,
  levelResult,
  parts,
  skippedByReason,
  TOP,
  timeText,
  useText,
  verdict,
  whole,
  worstCases,
} from "./summary.js";

/** Text as itself: no markup, no table cell, no line break, no mention of a person. */
function text(raw: string): string {
  return raw
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]|~#]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/@/g, "@\u200b");
}

/** An id as code, within more backticks than it has itself. */
function code(raw: string): string {
  const line = raw.replace(/\s+/g, " ").replace(/(\\*)\|/g, "$1$1\\|");
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  if (longest === 0) return `\`${line}\``;
  const fence = "`".repeat(longest + 1);
  return `${fence} ${line} ${fence}`;
}

/** Columns in `right` stand right. */
function table(header: readonly string[], rows: readonly (readonly string[])[], right: readonly number[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, i) => (right.includes(i) ? "---:" : "---"));
  return [header, rule, ...rows].map(line).join("\n");
}

function deviceTable(report: Report): string {
  const { scope, dtype, version, runtime, date, hashes, facts } = report;
  const short = Object.entries(hashes).map(([name, hash]) => `${name} ${code(hash.slice(0, 12))}`);
  const rows = [
    ["Device", text(deviceName(report))],
    ...facts.map(({ name, value }) => [text(name), text(value)]),
    ["Run", text(`${scope}, ${dtype}, ${timeText(report.ms)}`)],
    ["Package", text(`maskfeat-wgpu ${version}, ${runtime}`)],
    ["Date", text(dateText(date))],
    ["SHA-256", short.join(", ")],
  ];
  return table(["", ""], rows, []);
}

function levelTable(report: Report): string {
  const rows = report.levels.map((level) => {
    const { worst } = level;
    return [
      levelName(level.level),
      whole(level.cases),
      whole(level.failed),
      whole(level.skipped),
      worst ? `${useText(worst.use)} (${text(parts(worst.case).subject)})` : "–",
      levelCos(report, level.level),
      levelResult(level),
    ];
  });
  return table(["Level", "cases", "failed", "skipped", "worst use", "cos >=", "result"], rows, [1, 2, 3]);
}

function worstTable(report: Report): string {
  const rows = worstCases(report.cases).map((c) => {
    const numbers = [c.maxAbs, c.bound, c.maxRel].map(errorText);
    return [code(c.id), useText(c.use), ...numbers, useText(c.maxUlp), cosText(c.cos), c.status];
  });
  const header = ["case", "use", "max error", "bound at worst", "relative", "ULP", "cos", "status"];
  return table(header, rows, [1, 2, 3, 4, 5]);
}

function failedList({ failed }: Report): string[] {
  if (failed.length === 0) return [];
  const items = failed.slice(0, TOP).map((one) => {
    return `- ${code(one.case)}: ${text(one.reason)}; ${errorNote(one)}`;
  });
  const more = failed.length > TOP ? [`- and ${whole(failed.length - TOP)} more`] : [];
  return [`### Failed: ${whole(failed.length)}`, [...items, ...more].join("\n")];
}

function skippedList(report: Report): string[] {
  if (report.skipped.length === 0) return [];
  const items = skippedByReason(report).map(({ reason, ids }) => `- ${count(ids.length, "case")}: ${text(reason)}`);
  return [`### Skipped: ${whole(report.skipped.length)}`, items.join("\n")];
}

/** Verdict, levels, failed cases, the ten that come closest to their bounds, skipped ones by reason, and the device. */
export function markdown(report: Report): string {
  const sections = [
    `## Conformance: ${report.passed ? "PASS" : "FAIL"}`,
    `${verdict(report)} on ${text(deviceName(report))}. \`use\` is the largest error as a share of its bound: above 1 a case fails.`,
    levelTable(report),
    ...failedList(report),
    ...(report.cases.length > 0 ? ["### Closest to their bounds", worstTable(report)] : []),
    ...skippedList(report),
    "### Device",
    deviceTable(report),
  ];
  return `${sections.join("\n\n")}\n`;
}
