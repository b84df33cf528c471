/** Our readers and the reference implementations agree on what a file of their formats is, but where the table says why not. */

import { describe, expect, it } from "vitest";
import { openCheckpoint, readNpy } from "../sdk/entries/node.js";
import { type FormatCase, formats } from "./formats.js";
import { codeOf } from "./helpers.js";

/** Reads all of a file; of a type from which no weights are read, the shape alone. */
async function read({ format, bytes, name }: FormatCase) {
  if (format === "npy") return void readNpy(bytes, name);
  const checkpoint = await openCheckpoint(bytes);
  for (const tensor of checkpoint.names) {
    const code = await codeOf(() => checkpoint.get(tensor));
    if (code !== "CKPT_DTYPE") await checkpoint.get(tensor);
  }
  await checkpoint.close();
}

it("each file has its own name", () => {
  expect(new Set(formats.map(({ format, name }) => `${format} ${name}`)).size).toBe(formats.length);
});

describe.each(["safetensors", "npy", "npz"] as const)("%s", (format) => {
  const cases = formats.filter((row) => row.format === format);

  it.each(cases.map((row) => [row.name, row.code, row] as const))("%s: %s", async (_, code, row) => {
    expect(await codeOf(() => read(row))).toBe(code);
    // A difference needs its reason, and a reason its difference.
    expect((row.reference === "read") === (code === "none")).toBe(row.why === undefined);
  });

  it("has no file that we read and the reference refuses", () => {
    expect(cases.filter(({ reference, code }) => reference === "refused" && code === "none")).toEqual([]);
  });
});
