// Words that docs, comments and messages must not use, with what to write instead: plain English in few rules, only sure ones.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** [what must not stand there, what to write instead] */
const rules = [
  [/(^|[.;:] )Of (?!course)/, "begin with the subject"],
  [/as many numbers|(types|kinds) of numbers|numbers are stored/, "elements, values, dtype"],
  [/matrices of subgroups|products by matrices/, "subgroup matrix"],
  [/matrix products?\b/, "matmul"],
  [/\bsurroundings\b/i, "environment, pre-processing"],
  [/(?<![`.]|@param )\bhalves\b/, "f16, half precision, 16 bits"],
  [/(?<![#."])\btold[ ,.;]/, "reported, passed, given"],
  [/\b(no|some|any|every)body\b|\bwhoever\b/i, "name who or what it is"],
  [/\banew\b/, "again"],
  [/\bfresh (?!=)/, "new"],
  [/\bas it seems\b/, "say what differs"],
  [/, as (no|nothing|there (is|are))\b/, "because"],
  [/@throws [^@]*? where |\b(undefined|only) where |\bwhere (there (is|are) no|none|nothing|it fails)\b/, "if"],
  [/\balone\b(?!\.mjs)/, "only"],
];

/** Comments and string literals of a TypeScript or JavaScript file: [position, text]. */
function textsOf(code) {
  const source = ts.createSourceFile("x.ts", code, ts.ScriptTarget.Latest, true);
  const texts = new Map();
  const visit = (node) => {
    const before = ts.getLeadingCommentRanges(code, node.getFullStart()) ?? [];
    const behind = ts.getTrailingCommentRanges(code, node.getEnd()) ?? [];
    for (const { pos, end } of [...before, ...behind]) texts.set(pos, code.slice(pos, end));
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) texts.set(node.getStart(), node.text);
    for (const child of node.getChildren()) visit(child);
  };
  visit(source);
  return [...texts];
}

/** The texts of a file, each as one line without the signs of comments: [line, text]. */
function sentencesOf(file, code) {
  if (!/\.(ts|mjs)$/.test(file)) {
    return code.split("\n").map((text, i) => [i + 1, file.endsWith(".wgsl") ? (text.split("// ")[1] ?? "") : text]);
  }
  return textsOf(code).map(([at, text]) => {
    const flat = text.replace(/\s*\n\s*(\*|\/\/)? ?/g, " ").replace(/^(\/\*\*?|\/\/)?\s*/, "");
    return [code.slice(0, at).split("\n").length, flat];
  });
}

/** What breaks a rule in `code`, the text of `file`: a line for each. */
export function badWords(file, code) {
  return sentencesOf(file, code).flatMap(([line, text]) =>
    rules.flatMap(([rule, instead]) => {
      const match = rule.exec(text);
      const around = match && text.slice(Math.max(0, match.index - 30), match.index + 40);
      return match ? [`${file}:${line}: "${around}": write ${instead}`] : [];
    }),
  );
}

/** The same for the whole package. */
export function allBadWords(root) {
  const files = ["sdk", "gpu", "assembly", "conformance", "scripts", "."].flatMap((top) =>
    readdirSync(join(root, top), { recursive: top !== ".", encoding: "utf8" }).map((file) => join(top, file)),
  );
  const read = files.map((file) => file.replaceAll("\\", "/")).filter((file) => /\.(ts|mjs|wgsl|md)$/.test(file));
  const wanted = read.filter((file) => file !== "scripts/english.mjs");
  return wanted.flatMap((file) => badWords(file, readFileSync(join(root, file), "utf8")));
}

if (process.argv[1] === import.meta.filename) {
  console.log(allBadWords(dirname(import.meta.dirname)).join("\n"));
}
