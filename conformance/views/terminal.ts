/** A report as lines for a terminal. */

import { columns, oneLine as plain } from "../../sdk/report/text.js";
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
