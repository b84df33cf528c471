/** Reads reports back: says what is wrong with a file that is none. */

import { MaskFeatError } from "../../gpu/errors.js";
import { HISTOGRAM, levels, scopes } from "../case.js";
import type { Report } from "../report.js";

type Found = Readonly<Record<string, unknown>>;
type Check = (value: unknown, path: string) => void;

/** What a value is, short enough for a message. */
function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function wrong(path: string, expected: string, value: unknown): never {
  throw new MaskFeatError("REPORT_FORMAT", `${path}: expected ${expected}, found ${kindOf(value)}`);
}

const one =
  (expected: string, is: (value: unknown) => boolean): Check =>
  (value, path) => {
    if (!is(value)) wrong(path, expected, value);
  };

const text = one("a text", (value) => typeof value === "string");
const number = one("a finite number", (value) => Number.isFinite(value));
const whole = one("a count", (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const truth = one("true or false", (value) => typeof value === "boolean");
const among = (choices: readonly unknown[]) =>
  one(choices.map((choice) => JSON.stringify(choice)).join(" or "), (value) => choices.includes(value));
const object = one("an object", (value) => typeof value === "object" && value !== null && !Array.isArray(value));

/** Objects with at least these fields. */
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    object(value, path);
    for (const [name, check] of Object.entries(checks)) check((value as Found)[name], `${path}.${name}`);
  };

const list =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) wrong(path, "an array", value);
    for (const [i, item] of (value as unknown[]).entries()) check(item, `${path}[${i}]`);
  };

/** `other` may stand in the place of what `check` expects. */
const or =
  (other: null | undefined, check: Check): Check =>
  (value, path) => {
    if (value !== other) check(value, path);
  };

const level = among(levels);

const histogram: Check = (value, path) => {
  list(whole)(value, path);
  if ((value as unknown[]).length !== HISTOGRAM) wrong(path, `${HISTOGRAM} counts`, value);
};

const checkCase = fields({
  id: text,
  level,
  n: whole,
  maxAbs: number,
  maxRel: number,
  maxUlp: number,
  cos: number,
  use: number,
  bound: number,
  histogram,
  boundKind: text,
  status: among(["passed", "failed"]),
  ms: number,
  reason: or(undefined, text),
});

const worst = or(null, fields({ case: text, use: number }));

const device = fields({
  kind: among(["webgpu", "wasm"]),
  adapter: or(null, text),
  isFallback: truth,
  reason: text,
  threads: whole,
  variant: text,
  selfTest: or(null, fields({ passed: truth, cases: whole, worst: number })),
});

const checkReport = fields({
  version: text,
  scope: among(scopes),
  date: text,
  runtime: text,
  device,
  dtype: text,
  facts: list(fields({ name: text, value: text })),
  hashes: fields({ wasm: text, wgsl: text, golden: text }),
  levels: list(fields({ level, cases: whole, passed: whole, failed: whole, skipped: whole, worst })),
  failed: list(fields({ case: text, use: number, maxAbs: number, bound: number, reason: text })),
  skipped: list(fields({ id: text, reason: text })),
  cases: list(checkCase),
  passed: truth,
  ms: number,
});

/** The report in a JSON text; `name` says in messages where it comes from. @throws MaskFeatError REPORT_FORMAT */
export function parseReport(json: string, name: string): Report {
  let found: unknown;
  try {
    found = JSON.parse(json);
  } catch (cause) {
    const message = `${name}: expected the JSON of conformance --json: ${(cause as Error).message}`;
    throw new MaskFeatError("REPORT_FORMAT", message, { cause });
  }
  object(found, name);
  const { command, schema } = found as Found;
  if (command !== "conformance") wrong(`${name}.command`, '"conformance"', command);
  if (schema !== 1) wrong(`${name}.schema`, "1, the format that this version reads", schema);
  checkReport(found, name);
  return found as Report;
}
