/** Small image files with odd metadata, and what OpenCV's imread makes of them (scripts/golden/peers/images.py). */

import { readFileSync } from "node:fs";

type Answer = readonly [width: number, height: number, rgb: string] | null;

const { bases, answers, rows } = JSON.parse(readFileSync("test/fixtures/peers/images.json", "utf8")) as {
  bases: Record<string, string>;
  answers: Answer[];
  rows: [name: string, base: string, at: number, inserted: string, answer: number][];
};

/** Name -> the file, and the picture that OpenCV 4.6 decodes: RGB in hexadecimal; null if it refuses the file. */
export const imageFiles = rows.map(([name, base, at, inserted, answer]) => {
  const file = Buffer.from(bases[base], "base64");
  const bytes = Buffer.concat([file.subarray(0, at), Buffer.from(inserted, "base64"), file.subarray(at)]);
  return { name, bytes: new Uint8Array(bytes), answer: answers[answer] };
});

/** What a decoder made of a file, as the table has it. */
export const answerOf = ({ data, width, height }: { data: Uint8Array; width: number; height: number }): Answer => [
  width,
  height,
  Buffer.from(data).toString("hex"),
];
