/**
 * A strict JSON parser (RFC 8259) for headers of untrusted files. Unlike `JSON.parse` it refuses a key that occurs twice,
 * keeps objects as Maps (a key `__proto__` is a key like any other), refuses strings that are no Unicode text, bounds the nesting, and
 * takes a number only if it is an integer that is exact in f64 (others are kept as the text they were).
 */

import type { ErrorCode } from "../../gpu/errors.js";
import { type Fail, utf8 } from "./fail.js";

/** A parsed value. `NumberText` is a number that is no safe integer. */
export type Json = null | boolean | number | string | NumberText | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

/** A number with a fraction or exponent, or beyond 2^53: as it was written. */
export class NumberText {
  constructor(readonly text: string) {}
}

/** Why a text is not what `parseJson` takes. */
export class JsonError extends Error {
  override name = "JsonError";

  constructor(
    message: string,
    readonly code: ErrorCode = "CKPT_HEADER",
  ) {
    super(message);
  }
}

const MAX_DEPTH = 64;
const SPACE = /[ \t\n\r]*/y;
const LITERAL = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** The JSON text in `bytes`, which messages call `what`. @throws CheckpointError CKPT_HEADER, CKPT_DUPLICATE */
export function readJson(bytes: Uint8Array, what: string, fail: Fail): Json {
  const text = utf8(bytes) ?? fail("CKPT_HEADER", `the ${what} is not UTF-8 text`);
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return fail(error.code, `malformed ${what}: ${error.message}`);
  }
}

/** Parses one JSON value and nothing behind it but white space. @throws JsonError */
export function parseJson(text: string): Json {
  let at = 0;
  const failAt = (what: string): never => {
    throw new JsonError(`${what} at character ${at}`);
  };

  function match(pattern: RegExp): string {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  }

  function takes(char: string): boolean {
    match(SPACE);
    if (text[at] !== char) return false;
    at++;
    return true;
  }

  function expect(char: string): void {
    if (!takes(char)) failAt(`${JSON.stringify(char)} was expected`);
  }

  /** What stands behind an opening bracket: nothing, or items with commas between them. */
  function list(close: string, item: () => void): void {
    if (takes(close)) return;
    do item();
    while (takes(","));
    expect(close);
  }

  /** Escapes and control characters follow the platform's own rules; a lone surrogate is refused, as in UTF-8. */
  function string(): string {
    match(SPACE);
    const start = at;
    if (text[start] !== '"') failAt("a string was expected");
    let end = start + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    at = end + 1;
    let value: string;
    try {
      value = JSON.parse(text.slice(start, at));
    } catch {
      return failAt("a malformed string");
    }
    return /\p{Surrogate}/u.test(value) ? failAt("a string that is no Unicode text") : value;
  }

  function value(depth: number): Json {
    if (depth > MAX_DEPTH) failAt(`nested deeper than ${MAX_DEPTH}`);
    if (takes("{")) {
      const entries: JsonObject = new Map();
      list("}", () => {
        const key = string();
        const shown = JSON.stringify(key.slice(0, 200));
        if (entries.has(key)) throw new JsonError(`the key ${shown} occurs twice`, "CKPT_DUPLICATE");
        expect(":");
        entries.set(key, value(depth + 1));
      });
      return entries;
    }
    if (takes("[")) {
      const items: Json[] = [];
      list("]", () => items.push(value(depth + 1)));
      return items;
    }
    if (text[at] === '"') return string();
    const literal = match(LITERAL) || failAt("a value was expected");
    const found = JSON.parse(literal);
    const exact = typeof found !== "number" || (Number.isSafeInteger(found) && String(found) === literal);
    return exact ? found : new NumberText(literal);
  }

  const whole = value(0);
  match(SPACE);
  if (at < text.length) failAt("more text behind the end");
  return whole;
}
