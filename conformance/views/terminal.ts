/** A report as lines for a terminal. */

import type { Report } from "../report.js";
import {
  dateText,
  deviceName,
  deviceNote,
  errorNote,
  levelName,
  levelResult,
  skippedByReason,
  TOP,
  timeText,
  useText,
  verdict,
  whole,
  worstOf,
} from "./summary.js";

/** Line breaks and other control characters would break lines, or command the terminal. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}

/** Rows in columns; those in `right` stand right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const pad = (cell: string, i: number) => (right.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]));
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}

function levelLines(report: Report): string[] {
  const header = ["level", "cases", "passed", "failed", "skipped", "result", "worst use", "of"];
  const rows = report.levels.map((level) => [
    levelName(level.level),
    ...[level.cases, level.passed, level.failed, level.skipped].map(whole),
    levelResult(level),
    level.worst ? useText(level.worst.use) : "–",
    level.worst ? plain(level.worst.case) : "",
  ]);
  return columns([header, ...rows], [1, 2, 3, 4, 6]);
}

function failedLines({ failed }: Report): string[] {
  if (failed.length === 0) return [];
  const shown = failed.slice(0, TOP).flatMap((one) => {
    return [`  ${plain(one.case)}`, `    ${plain(one.reason)}`, `    ${errorNote(one)}`];
  });
  const more = failed.length > TOP ? [`  and ${whole(failed.length - TOP)} more`] : [];
  return ["", `failed: ${whole(failed.length)}`, ...shown, ...more];
}

function skippedLines(report: Report): string[] {
  if (report.skipped.length === 0) return [];
  const rows = skippedByReason(report).map(({ reason, ids }) => ["", whole(ids.length), plain(reason)]);
  return ["", `skipped: ${whole(report.skipped.length)}`, ...columns(rows, [1])];
}

/** Device, levels, what failed and why, what was skipped and why, and the verdict in the last line. */
export function terminalText(report: Report): string {
  const { version, scope, dtype, runtime, date, ms, passed } = report;
  const worst = worstOf(report);
  const closest = worst ? `; worst use ${useText(worst.use)} (${plain(worst.case)})` : "";
  const head = [
    ["device", plain(`${deviceName(report)} (${deviceNote(report)})`)],
    ["run", plain(`${scope}, ${dtype}, maskfeat-wgpu ${version}, ${runtime}, ${dateText(date)}`)],
  ];
  return [
    ...columns(head, []),
    "",
    ...levelLines(report),
    ...failedLines(report),
    ...skippedLines(report),
    "",
    `${passed ? "PASS" : "FAIL"}  ${verdict(report)}${closest}; ${timeText(ms)}`,
  ].join("\n");
}
