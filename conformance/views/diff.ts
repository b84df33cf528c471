/** Compares two reports case by case: what broke, what was mended, and how much more or less of their bounds cases use. */

import { HISTOGRAM, type Level, levels } from "../case.js";
import type { LevelSummary, Report } from "../report.js";

export type Status = "passed" | "failed" | "skipped";

/** A case in one of the reports. */
export interface State {
  readonly status: Status;
  /** Null where it was skipped. */
  readonly use: number | null;
}

/** "status": another outcome; "grown", "shrunk": more than twice, or less than half, of the use. */
export interface Change {
  readonly case: string;
  readonly kind: "status" | "grown" | "shrunk";
  readonly a: State;
  readonly b: State;
}

/** A case that is in only one of the reports. */
export interface Lone extends State {
  readonly case: string;
}

export interface Diff {
  readonly changed: readonly Change[];
  readonly onlyA: readonly Lone[];
  readonly onlyB: readonly Lone[];
  /** Levels that are in either; null where one has none of it. */
  readonly levels: readonly {
    readonly level: Level;
    readonly a: LevelSummary | null;
    readonly b: LevelSummary | null;
  }[];
  /** What is not the same around the cases: device, package, hashes. */
  readonly differences: readonly { readonly name: string; readonly a: string; readonly b: string }[];
  /** Both ran the same kernels. */
  readonly sameCode: boolean;
  /** Cases that passed in A and do not pass in B, where they may be missing. */
  readonly worse: number;
  /** Cases that did not pass in A, and pass in B. */
  readonly better: number;
}

/** Shares of a bound below the histograms' first bucket are all alike. */
const LEAST_USE = 2 ** (2 - HISTOGRAM);

function statesOf({ cases, skipped }: Report): Map<string, State> {
  const states = new Map<string, State>(skipped.map(({ id }) => [id, { status: "skipped", use: null }]));
  for (const { id, status, use } of cases) states.set(id, { status, use });
  return states;
}

function changeOf(a: State, b: State): Change["kind"] | null {
  if (a.status !== b.status) return "status";
  const [before, after] = [Math.max(a.use ?? 0, LEAST_USE), Math.max(b.use ?? 0, LEAST_USE)];
  if (after > 2 * before) return "grown";
  return before > 2 * after ? "shrunk" : null;
}

function about({ version, scope, runtime, device, dtype, hashes, facts }: Report): Map<string, string> {
  const { kind, adapter, variant, threads } = device;
  return new Map([
    ["device", [kind, adapter].filter(Boolean).join(" ")],
    ["kernels", variant],
    ["threads", String(threads)],
    ["dtype", dtype],
    ["level", scope],
    ["version", version],
    ["runtime", runtime],
    ["wasm", hashes.wasm],
    ["wgsl", hashes.wgsl],
    ["golden", hashes.golden],
    ...facts.map(({ name, value }) => [name, value] as const),
  ]);
}

function differencesOf(a: Report, b: Report): Diff["differences"] {
  const [before, after] = [about(a), about(b)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const both = names.map((name) => ({ name, a: before.get(name) ?? "none", b: after.get(name) ?? "none" }));
  return both.filter((entry) => entry.a !== entry.b);
}

/** What is another in `b` than in `a`. It is worse where `worse` is above 0. */
export function compareReports(a: Report, b: Report): Diff {
  const [before, after] = [statesOf(a), statesOf(b)];
  const changed: Change[] = [];
  const onlyA: Lone[] = [];
  for (const [id, state] of before) {
    const now = after.get(id);
    if (!now) onlyA.push({ case: id, ...state });
    const kind = now && changeOf(state, now);
    if (kind) changed.push({ case: id, kind, a: state, b: now });
  }
  const onlyB = [...after].flatMap(([id, state]) => (before.has(id) ? [] : [{ case: id, ...state }]));
  const outcomes = changed.filter(({ kind }) => kind === "status");
  const summary = (report: Report, level: Level) => report.levels.find((entry) => entry.level === level) ?? null;
  const pairs = levels.map((level) => ({ level, a: summary(a, level), b: summary(b, level) }));
  return {
    changed,
    onlyA,
    onlyB,
    levels: pairs.filter((pair) => pair.a || pair.b),
    differences: differencesOf(a, b),
    sameCode: a.hashes.wasm === b.hashes.wasm && a.hashes.wgsl === b.hashes.wgsl,
    worse: [...outcomes.map((change) => change.a), ...onlyA].filter(({ status }) => status === "passed").length,
    better: outcomes.filter((change) => change.b.status === "passed").length,
  };
}
