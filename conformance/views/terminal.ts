/** A report, and a comparison of two, as lines for a terminal. */

import { columns, oneLine as plain } from "../../sdk/report/text.js";
import type { Report } from "../report.js";
import type { Change, Diff, Lone, State } from "./diff.js";
import {
  count,
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

/** A heading, at most ten lines, and how many more there are. */
function block(title: string, lines: readonly string[], limit = TOP): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > limit ? [`  and ${whole(lines.length - limit)} more`] : [];
  return ["", `${title}: ${whole(lines.length)}`, ...lines.slice(0, limit).map((line) => `  ${line}`), ...more];
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
  const failed = report.failed.map((one) => `${plain(one.case)}\n    ${plain(one.reason)}\n    ${errorNote(one)}`);
  return [
    ...columns(head, []),
    "",
    ...levelLines(report),
    ...block("failed", failed),
    ...skippedLines(report),
    "",
    `${passed ? "PASS" : "FAIL"}  ${verdict(report)}${closest}; ${timeText(ms)}`,
  ].join("\n");
}

const stateText = ({ status, use }: State) => (use === null ? status : `${status} (${useText(use)})`);

const changeText = (change: Change) => `${plain(change.case)}: ${stateText(change.a)} -> ${stateText(change.b)}`;
const loneText = (lone: Lone) => `${plain(lone.case)}: ${stateText(lone)}`;

function levelChanges(diff: Diff): string[] {
  const rows = diff.levels.map(({ level, a, b }) => {
    const pair = (of: "cases" | "failed" | "skipped") => {
      const [before, after] = [a?.[of] ?? 0, b?.[of] ?? 0];
      return before === after ? whole(before) : `${whole(before)} -> ${whole(after)}`;
    };
    const [before, after] = [a, b].map((summary) => (summary?.worst ? useText(summary.worst.use) : "–"));
    return [
      levelName(level),
      pair("cases"),
      pair("failed"),
      pair("skipped"),
      before === after ? before : `${before} -> ${after}`,
    ];
  });
  return columns([["level", "cases", "failed", "skipped", "worst use"], ...rows], [1, 2, 3, 4]);
}

function outcome({ worse, better, sameCode }: Diff): string {
  const code = sameCode ? "the same kernels" : "other kernels";
  if (worse > 0)
    return `WORSE  ${count(worse, "case")} passed before and ${worse === 1 ? "does" : "do"} not now; ${code}`;
  if (better > 0) return `BETTER  ${count(better, "case")} ${better === 1 ? "passes" : "pass"} now; ${code}`;
  return `SAME  no case that passed before fails now; ${code}`;
}

/** What is not the same around the cases, levels side by side, every kind of change, and the verdict in the last line. */
export function diffText(diff: Diff): string {
  const of = (kind: Change["kind"]) => diff.changed.filter((change) => change.kind === kind).map(changeText);
  // those that got worse come first
  const outcomes = diff.changed
    .filter(({ kind }) => kind === "status")
    .sort((x, y) => Number(y.a.status === "passed") - Number(x.a.status === "passed"));
  const around = diff.differences.map(({ name, a, b }) => `${plain(name)}: ${plain(a)} -> ${plain(b)}`);
  return [
    ...levelChanges(diff),
    ...block("not the same", around, around.length),
    ...block("another outcome", outcomes.map(changeText)),
    ...block("more than twice the use", of("grown")),
    ...block("less than half the use", of("shrunk")),
    ...block("missing now", diff.onlyA.map(loneText)),
    ...block("new", diff.onlyB.map(loneText)),
    "",
    outcome(diff),
  ].join("\n");
}
