/** What all views of a report say alike: its verdict, its order of cases, and how numbers are written. */

import { count, whole } from "../../sdk/report/text.js";
import { type CaseResult, HISTOGRAM, type Level, levelTitles, WRONG } from "../case.js";
import type { LevelSummary, Report } from "../report.js";

export { bucketOf } from "../score.js";
export { count, whole };

/** Cases of the lists that show the closest to their bounds, or the first that failed. */
export const TOP = 10;

/** Two digits that count; what stands for an error without measure is ∞. */
export function useText(use: number): string {
  if (use === 0) return "0";
  if (use >= WRONG) return "∞";
  return use >= 0.001 && use < 1000 ? String(Number(use.toPrecision(2))) : use.toExponential(1);
}

/** An error or a bound: three digits that count. */
export function errorText(x: number): string {
  if (x === 0) return "0";
  return x >= WRONG ? "∞" : x.toExponential(2);
}

/** "2026-01-02 03:04 UTC"; what is no date stays what it is. */
export function dateText(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, "$1 $2 UTC");
}

/** How far a case is out, where that is most of what is allowed there; its largest error may be elsewhere, where more is allowed. */
export function errorNote({ use, maxAbs, bound }: Pick<CaseResult, "use" | "maxAbs" | "bound">): string {
  const error = use < WRONG ? `error ${errorText(use * bound)} where ${errorText(bound)} is allowed, ` : "";
  return `use ${useText(use)}, ${error}largest error ${errorText(maxAbs)}`;
}

/** A cosine by its distance from 1: "1-2e-13". */
export function cosText(cos: number): string {
  if (cos >= WRONG) return "–";
  const distance = 1 - cos;
  if (distance <= 0) return "1";
  return distance < 1e-3 ? `1-${distance.toExponential(0)}` : cos.toFixed(4);
}

export function timeText(ms: number): string {
  if (ms < 1) return "below 1 ms";
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** What the buckets are called: "1/1024", ... "1/2", "1", "over". */
export const bucketNames: readonly string[] = Array.from({ length: HISTOGRAM }, (_, i) => {
  if (i === HISTOGRAM - 1) return "over";
  return i === HISTOGRAM - 2 ? "1" : `1/${2 ** (HISTOGRAM - 2 - i)}`;
});

/** Buckets of several cases together. */
export function added(cases: readonly CaseResult[]): number[] {
  return Array.from({ length: HISTOGRAM }, (_, i) => cases.reduce((sum, c) => sum + (c.histogram[i] ?? 0), 0));
}

/** The second part of a case's id, and what follows. */
export function parts(id: string): { subject: string; rest: string } {
  const [, subject = id, ...rest] = id.split("/");
  return { subject, rest: rest.join("/") };
}

/** Those that failed first, then by the share of the bound they use; at most `limit`. */
export function worstCases(cases: readonly CaseResult[], limit = TOP): CaseResult[] {
  const rank = (c: CaseResult) => (c.status === "failed" ? 2 * WRONG : 0) + c.use;
  return [...cases].sort((a, b) => rank(b) - rank(a)).slice(0, limit);
}

/** Cases under the key that `keyOf` gives them, in the order in which keys come up. */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** Ids of skipped cases by reason, the most frequent first. */
export function skippedByReason(report: Report): { reason: string; ids: string[] }[] {
  const groups = groupBy(report.skipped, ({ reason }) => reason);
  const list = [...groups].map(([reason, cases]) => ({ reason, ids: cases.map(({ id }) => id) }));
  return list.sort((a, b) => b.ids.length - a.ids.length);
}

export const levelName = (level: Level): string => `${level} ${levelTitles[level]}`;

/** The smallest cosine of a level's cases. */
export function levelCos(report: Report, level: Level): string {
  const cosines = report.cases.filter((c) => c.level === level && c.cos < WRONG).map(({ cos }) => cos);
  return cosines.length === 0 ? "–" : cosText(cosines.reduce((a, b) => Math.min(a, b)));
}

/** A level of which nothing ran has neither passed nor failed. */
export function levelResult({ passed, failed }: LevelSummary): "PASS" | "FAIL" | "–" {
  if (failed > 0) return "FAIL";
  return passed > 0 ? "PASS" : "–";
}

/** The case of all levels that comes closest to its bound. */
export function worstOf(report: Report): LevelSummary["worst"] {
  const all = report.levels.flatMap(({ worst }) => worst ?? []);
  return all.reduce<LevelSummary["worst"]>((a, b) => (a && a.use >= b.use ? a : b), null);
}

export function verdict(report: Report): string {
  const { passed, failed, cases } = report;
  if (cases.length === 0 && failed.length === 0) return "Nothing was compared";
  if (failed.length > 0) return `${whole(failed.length)} of ${count(cases.length, "case")} failed`;
  if (!passed) return "The run did not pass";
  return cases.length === 1 ? "The one case passes" : `All ${count(cases.length, "case")} pass`;
}

/** "WebGPU · apple / metal-3" */
export function deviceName({ device: { kind, adapter, threads } }: Report): string {
  return kind === "wasm" ? `WebAssembly · ${count(threads, "thread")}` : `WebGPU · ${adapter ?? "unnamed"}`;
}

/** Why this device, and whether it is one in software. */
export function deviceNote({ device: { isFallback, variant, reason } }: Report): string {
  return [isFallback ? "a software adapter, not a GPU" : "", `kernels ${variant}`, reason].filter(Boolean).join("; ");
}
