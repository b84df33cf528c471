/** The list of words finds what it must, in comments, strings and Markdown, and leaves code alone. */

import { expect, it } from "vitest";
import { badWords } from "../scripts/english.mjs";

it("finds words in comments and strings, with their line, and none in code", () => {
  const code = [
    "/** Of the file,",
    " * as no server says. @throws FileError where it",
    " * is missing */",
    "const halves = told(anew); // a matrix product",
    'say(`for this machine alone`, "fine");',
  ];
  const lines = badWords("a.ts", code.join("\n")).map((line: string) =>
    line.replace(/^a\.ts:(\d+): .*: write /, "$1 "),
  );
  expect(lines).toEqual(["1 begin with the subject", "1 because", "1 if", "4 matmul", "5 only"]);
});

it("reads Markdown whole, and only the comments of WGSL", () => {
  expect(badWords("a.md", "fine\nhalves of it\n")).toEqual([
    'a.md:2: "halves of it": write f16, half precision, 16 bits',
  ]);
  expect(badWords("a.wgsl", "let halves = 1; // anew\n")).toHaveLength(1);
});
