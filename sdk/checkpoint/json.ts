/**
 * A strict JSON parser (RFC 8259) for headers of files that nobody vouches for. Unlike `JSON.parse` it refuses a key that occurs twice,
 * keeps objects as Maps (a key `__proto__` is a key like any other), refuses strings that are no Unicode text, bounds the nesting, and
 * takes a number only where it is an integer that is exact in f64 (others are kept as the text they were).
 */

import type { Fail } from "./fail.js";

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
    /** The key that occurs twice, where that is the reason. */
    readonly duplicate?: string,
  ) {
    super(message);
  }
}

const MAX_DEPTH = 64;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;
const WORDS = new Map<string, Json>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Parses one JSON value and nothing behind it but white space. @throws JsonError */
export function parseJson(text: string): Json {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

/** The JSON text in `bytes`, which messages call `what`. @throws CheckpointError CKPT_HEADER, CKPT_DUPLICATE */
export function readJson(bytes: Uint8Array, what: string, fail: Fail): Json {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof JsonError)) return fail("CKPT_HEADER", `the ${what} is not UTF-8 text`);
    return fail(
      error.duplicate === undefined ? "CKPT_HEADER" : "CKPT_DUPLICATE",
      `malformed ${what}: ${error.message}`,
    );
  }
}

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.error(`nested deeper than ${MAX_DEPTH}`);
    this.match(SPACE);
    const char = this.text[this.at];
    if (char === "{") return this.object(depth);
    if (char === "[") return this.array(depth);
    if (char === '"') return this.string();
    return this.wordOrNumber();
  }

  end(): void {
    this.match(SPACE);
    if (this.at < this.text.length) throw this.error("more text behind the end");
  }

  private object(depth: number): JsonObject {
    const entries: JsonObject = new Map();
    this.list("}", () => {
      const key = this.string();
      if (entries.has(key)) throw new JsonError(`the key ${JSON.stringify(key.slice(0, 200))} occurs twice`, key);
      this.expect(":");
      entries.set(key, this.value(depth + 1));
    });
    return entries;
  }

  private array(depth: number): Json[] {
    const items: Json[] = [];
    this.list("]", () => items.push(this.value(depth + 1)));
    return items;
  }

  /** What stands between brackets: nothing, or items with commas between them. */
  private list(close: string, item: () => void): void {
    this.at++;
    if (this.takes(close)) return;
    do item();
    while (this.takes(","));
    this.expect(close);
  }

  private string(): string {
    this.match(SPACE);
    const start = this.at;
    if (this.text[start] !== '"') throw this.error("a string was expected");
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    this.at = end + 1;
    return this.unescaped(this.text.slice(start, this.at));
  }

  /** Escapes and control characters follow the platform's own rules; a lone surrogate is refused, as in UTF-8. */
  private unescaped(quoted: string): string {
    let value: string;
    try {
      value = JSON.parse(quoted);
    } catch {
      throw this.error("a malformed string");
    }
    if (/\p{Surrogate}/u.test(value)) throw this.error("a string that is no Unicode text");
    return value;
  }

  private wordOrNumber(): Json {
    for (const [word, value] of WORDS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    const text = this.match(NUMBER);
    if (!text) throw this.error("a value was expected");
    return INTEGER.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : new NumberText(text);
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private takes(char: string): boolean {
    this.match(SPACE);
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private expect(char: string): void {
    if (!this.takes(char)) throw this.error(`${JSON.stringify(char)} was expected`);
  }

  private error(what: string): JsonError {
    return new JsonError(`${what} at character ${this.at}`);
  }
}
