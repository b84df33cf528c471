import { describe, expect, it } from "vitest";
import { type Json, JsonError, NumberText, parseJson } from "../sdk/checkpoint/json.js";
import { dice, rounds } from "./helpers.js";

/** Our value as `JSON.parse` gives it. */
function plain(value: Json): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (value instanceof NumberText) return Number(value.text);
  return Array.isArray(value) ? value.map(plain) : value;
}

describe("parseJson", () => {
  it.each([
    "{}",
    "[]",
    ' { "a" : [ 1 , -2, 0, true,false, null, "x" ] }\r\n\t',
    '{"a":{"b":{"c":[[],{}]}}}',
    '"\\u00e9\\n\\"\\\\\\/ \\ud83d\\ude00 ü😀"',
    "[1.5,-0.25,1e3,2E-2,9007199254740991,9007199254740992,-0]",
    '{"__proto__":{"x":1},"constructor":2}',
  ])("takes %s", (text) => {
    expect(plain(parseJson(text))).toEqual(JSON.parse(text));
  });

  it.each([
    "",
    " ",
    "{",
    "}",
    "[1,]",
    '{"a":1,}',
    '{"a"}',
    '{"a" 1}',
    "{a:1}",
    "[1 2]",
    "01",
    "+1",
    ".5",
    "1.",
    "1e",
    "-",
    "NaN",
    "Infinity",
    "nul",
    "'a'",
    '"a',
    '"\\x"',
    '"\\u12"',
    '"\t"',
    "1 2",
    "[]]",
    "\u00a0{}",
    "/**/1",
  ])("refuses %j, as JSON.parse does", (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => parseJson(text)).toThrow(JsonError);
  });

  it.each(['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"b":{"c":1,"c":2}}]', '{"__proto__":1,"__proto__":1}'])(
    "refuses the key that occurs twice in %s",
    (text) => {
      expect(() => parseJson(text)).toThrow(/the key "(a|c|__proto__)" occurs twice/);
    },
  );

  it("refuses lone surrogates and deep nesting", () => {
    expect(() => parseJson('"\\ud800"')).toThrow("no Unicode text");
    expect(() => parseJson("[".repeat(1e6))).toThrow("nested deeper");
    const nested = `${"[".repeat(60)}${"]".repeat(60)}`;
    expect(plain(parseJson(nested))).toEqual(JSON.parse(nested));
  });

  it("keeps numbers that are no safe integers as text", () => {
    const texts = ["1.0", "1e3", "-0", "9007199254740992", "18446744073709551616"];
    expect(parseJson(`[${texts.join(",")}]`)).toEqual(texts.map((text) => new NumberText(text)));
    expect(parseJson("-9007199254740991")).toBe(-9007199254740991);
  });

  it("takes nothing that JSON.parse refuses, and gives the same values", () => {
    const roll = dice(1);
    const signs = '{}[]",:0123456789-.eE\\u \ntrufalsn';
    const origin = '{"a":[1,-2.5e3,"x\\u00e9\\\\"],"b":{"c":null,"d":true}}';
    let taken = 0;
    for (let i = 0; i < rounds(5000); i++) {
      const chars = Array.from(origin);
      for (let k = 0; k <= roll(3); k++) chars[roll(chars.length)] = signs[roll(signs.length)];
      const text = chars.join("");
      let value: Json;
      try {
        value = parseJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(JsonError);
        continue;
      }
      taken++;
      expect(plain(value)).toEqual(JSON.parse(text));
    }
    expect(taken).toBeGreaterThan(rounds(200));
  });
});
