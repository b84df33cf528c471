/** Weights in several files under an index: the numbers of one file, and a typed error for each way in which they contradict each other. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { getModel, tensor, writeSafetensors } from "../sdk/entries/node.js";
import { besideOf } from "../sdk/io/open.js";
import { bytesSource } from "../sdk/io/source.js";
import type { ByteSource } from "../sdk/io/types.js";
import { temporaryFolder } from "./cli.js";
import { type Entries, ours } from "./naming.js";
import { tiny } from "./tiny.js";

const folder = temporaryFolder();
const value = (n: number): Entries[number][1] => ({ data: new Float32Array([n]), shape: [1] });
const two = { "a.safetensors": [["x", value(1)]], "b.safetensors": [["y", value(2)]] } as const;
const map = { x: "a.safetensors", y: "b.safetensors" };
const index = (weight_map: unknown) =>
  new TextEncoder().encode(JSON.stringify({ metadata: { total_size: 8 }, weight_map }));

/** Opens an index beside these files; counts those that are open. */
async function open(
  bytes: Uint8Array,
  files: Record<string, readonly (readonly [string, Entries[number][1]])[]> = two,
) {
  const at = { open: 0 };
  const counted = (source: ByteSource): ByteSource => {
    at.open++;
    return { ...source, close: async () => void at.open-- };
  };
  const beside = async (name: string) => {
    if (files[name]) return counted(bytesSource(writeSafetensors(files[name]), name));
    const { openFile } = (await import("../sdk/platform/node.js")).nodePlatform;
    return openFile(join(folder, name));
  };
  try {
    return { file: await openCheckpoint(counted(bytesSource(bytes, "i.json")), beside), at };
  } catch (error) {
    expect(at.open).toBe(0);
    throw error;
  }
}

describe("an index", () => {
  it("gives the tensors of all its files", async () => {
    const { file, at } = await open(index(map));
    expect(file).toMatchObject({ format: "safetensors", source: "i.json", names: ["x", "y"] });
    expect([(await file.get("x")).data[0], (await file.get("y")).data[0]]).toEqual([1, 2]);
    expect(file.info("y")).toEqual({ dtype: "F32", shape: [1] });
    expect(() => file.info("z")).toThrow(/i\.json: no tensor "z"/);
    expect(at.open).toBe(2);
    await file.close();
    expect(at.open).toBe(0);
  });

  const bad: [string, Uint8Array, typeof two | Record<string, never>, string, RegExp][] = [
    [
      "lacks a file",
      index({ ...map, z: "c.safetensors" }),
      two,
      "FILE_NOT_FOUND",
      /its file c\.safetensors cannot be read/,
    ],
    [
      "names a tensor that is not there",
      index({ ...map, z: "a.safetensors" }),
      two,
      "CKPT_MISMATCH",
      /"z" should be in a\.safetensors and is in none/,
    ],
    [
      "names the wrong file",
      index({ x: "b.safetensors", y: "a.safetensors" }),
      two,
      "CKPT_MISMATCH",
      /"x" should be in b\.safetensors and is in a\.safetensors/,
    ],
    [
      "leaves a tensor out",
      index({ x: "a.safetensors" }),
      {
        "a.safetensors": [
          ["x", value(1)],
          ["q", value(1)],
        ],
      } as never,
      "CKPT_MISMATCH",
      /holds "q", which the index does not list/,
    ],
    [
      "has two files with one name",
      index(map),
      {
        ...two,
        "b.safetensors": [
          ["x", value(1)],
          ["y", value(2)],
        ],
      } as never,
      "CKPT_DUPLICATE",
      /"x" is in a\.safetensors and in b\.safetensors/,
    ],
    [
      "leads out of its folder",
      index({ x: "../a.safetensors" }),
      two,
      "CKPT_HEADER",
      /"x" is in no \.safetensors file of this folder/,
    ],
    ["names no file", index({ x: 3 }), two, "CKPT_HEADER", /"x" is in no/],
    ["is empty", index({}), two, "CKPT_HEADER", /without a "weight_map"/],
    ["is another JSON", new TextEncoder().encode('{"model_type": "vit"}'), two, "CKPT_HEADER", /expected an index/],
    [
      "has a key twice",
      new TextEncoder().encode('{"weight_map":{"x":"a.safetensors","x":"b.safetensors"}}'),
      two,
      "CKPT_DUPLICATE",
      /occurs twice/,
    ],
    ["is no JSON", new TextEncoder().encode('{"weight_map":'), two, "CKPT_HEADER", /malformed index/],
    ["is no text", Uint8Array.of(0x7b, 0xff, 0xff), two, "CKPT_HEADER", /not UTF-8/],
  ];
  it.each(bad)("that %s is refused", async (_, bytes, files, code, message) => {
    const failed = open(bytes, files);
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.toThrow(message);
  });

  it("without a folder asks for its path", async () => {
    await expect(getModel(tiny, { weights: index(map) })).rejects.toThrow(/give a path or URL instead of bytes/);
    await expect(openCheckpoint(bytesSource(index(map), "i.json"))).rejects.toMatchObject({ code: "CKPT_FORMAT" });
  });
});

it("a model loads from an index on disk", async () => {
  const at = join(folder, "model");
  mkdirSync(at);
  const parts = [ours(tiny).slice(0, 9), ours(tiny).slice(9)];
  const names = parts.map((_, i) => `model-0000${i + 1}-of-00002.safetensors`);
  for (const [i, part] of parts.entries()) writeFileSync(join(at, names[i]), writeSafetensors(part));
  const where = Object.fromEntries(parts.flatMap((part, i) => part.map(([name]) => [name, names[i]])));
  writeFileSync(join(at, "model.safetensors.index.json"), index(where));
  const x = tensor(new Float32Array(3 * 56 * 56).fill(0.5), [1, 3, 56, 56]);
  using plain = await getModel(tiny, { weights: "procedural", threads: 1 });
  using model = await getModel(tiny, { weights: join(at, "model.safetensors.index.json"), threads: 1 });
  expect(await model.extractFeat(x)).toEqual(await plain.extractFeat(x));
  const filled = "not in the file, set to gain 1 and bias 0 as mmpretrain does: backbone.ln2.weight, backbone.ln2.bias";
  expect(model.warnings).toEqual([`${model.weights}: ${filled}`]);
});

it("files beside a path or URL are found", () => {
  expect(String(besideOf("a/b.json", "c"))).toBe("a/c");
  expect(String(besideOf("b.json", "c"))).toBe("c");
  expect(String(besideOf("a/", "c"))).toBe("a/c");
  expect(String(besideOf("https://h/r/b.json?download=true", "c d"))).toBe("https://h/r/c%20d?download=true");
  expect(String(besideOf(new URL("file:///a/b.json"), "c"))).toBe("file:///a/c");
});
