/** Files that are nearly right: one odd tensor (scripts/golden/peers/odd.py), cut off anywhere, or elements beyond the range. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openCheckpoint, readNpy, writeNpy, writeNpz, writeSafetensors, writeTorch } from "../sdk/entries/node.js";
import { codeOf, some } from "./helpers.js";

interface Row {
  readonly name: string;
  readonly answer: readonly number[] | string;
  readonly opaque: boolean;
  readonly file: string;
}
const { rows }: { rows: Row[] } = JSON.parse(readFileSync("test/fixtures/peers/odd.json", "utf8"));

describe("one odd tensor", () => {
  it.each(rows.map((row) => [row.name, row] as const))("%s", async (_, { answer, opaque, file }) => {
    const checkpoint = await openCheckpoint(gunzipSync(Buffer.from(file, "base64")));
    expect([...(await checkpoint.get("good")).data]).toEqual([1, 2, 3]);
    expect(checkpoint.refused.has("odd")).toBe(opaque);
    expect(checkpoint.opaque.some(({ path }) => path === "odd")).toBe(opaque);
    const asked = checkpoint.get("odd");
    if (typeof answer !== "string") expect([...(await asked).data]).toEqual(answer);
    else await expect(asked).rejects.toMatchObject({ code: answer, message: expect.stringContaining('"odd"') });
  });
});

const w = { data: new Float32Array(64).map((_, i) => i), shape: [8, 8] };
const legacy = new Uint8Array(readFileSync("conformance/golden/full/checkpoints/numbers-legacy.pth"));
const torch = new Uint8Array(readFileSync("conformance/golden/full/checkpoints/numbers.pth"));

describe("a file that is cut off", () => {
  const files: [string, Uint8Array, number][] = [
    ["torch", torch, 64],
    ["torch-legacy", legacy, 16],
    ["ours", writeTorch([["w", w]]), 64],
    ["safetensors", writeSafetensors([["w", w]]), 9],
    ["npz", writeNpz([["w", writeNpy(w)]]), 64],
  ];
  it.each(files)("%s is said to be", async (_, bytes, least) => {
    const near = (at: number) => Array.from({ length: 80 }, (_, i) => at - i);
    const spread = Array.from({ length: 60 }, (_, i) => Math.floor((bytes.length * i) / 60));
    const lengths = new Set([...near(bytes.length - 1), ...some(spread, 60)]);
    for (const length of lengths) {
      const cut = bytes.subarray(0, length);
      // what is too short to be of any format is told so
      const wanted = length < least ? /CKPT_(FORMAT|TRUNCATED)/ : /CKPT_TRUNCATED/;
      expect(await codeOf(() => openCheckpoint(cut)), `${length} of ${bytes.length} bytes`).toMatch(wanted);
    }
    await expect(openCheckpoint(bytes.subarray(0, -1))).rejects.toThrow(/cut off|ends|the file has/);
  });

  it("npy is said to be", () => {
    const bytes = writeNpy(w);
    expect(() => readNpy(bytes.subarray(0, -1), "w.npy")).toThrow(/w\.npy: .*has 255: it is cut off/);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readNpy(bytes.subarray(0, length), "w.npy")).toThrow(/empty|begin|ends after|claims|cut off/);
    }
  });
});

describe("elements beyond the range", () => {
  /** A safetensors file of one F64 tensor. */
  const f64 = (values: readonly number[]) => {
    const data = new Uint8Array(Float64Array.from(values).buffer);
    const header = `{"w":{"dtype":"F64","shape":[${values.length}],"data_offsets":[0,${data.length}]}}`;
    return Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(header.length)).buffer), Buffer.from(header), data]);
  };
  it.each([
    [[0, 1, 1e300], /tensor "w": element 2 is 1e\+300, and the largest number of F32 is 3\.4e38/],
    [[-3.5e38], /element 0 is -3\.5e\+38/],
  ])("of F64 %j are refused", async (values, message) => {
    const work = openCheckpoint(f64(values)).then((checkpoint) => checkpoint.get("w"));
    await expect(work).rejects.toMatchObject({ code: "CKPT_RANGE", message: expect.stringMatching(message) });
  });

  it("are not what is infinite already, or rounds to what is not", async () => {
    const values = [Number.POSITIVE_INFINITY, Number.NaN, 3.4e38, -1e-300];
    const { data } = await openCheckpoint(f64(values)).then((checkpoint) => checkpoint.get("w"));
    expect([...data]).toEqual([...Float32Array.from(values)]);
  });

  it.each([
    ["F16", 65520, 65519, "65504"],
    ["F16", -1e5, -65504, "65504"],
    ["BF16", 3.4e38, 3.38e38, "3.4e38"],
  ] as const)("of %s are refused when a file is written: %d and not %d", (dtype, beyond, within, most) => {
    const write = (value: number) => {
      const one = ["w", { data: Float32Array.of(1, value), shape: [2], dtype }] as const;
      return [writeSafetensors([one]), writeTorch([one])];
    };
    expect(() => write(beyond)).toThrow(/tensor "w": element 1 is .* store it as F32/);
    expect(() => write(beyond)).toThrow(most);
    expect(write(within)).toHaveLength(2);
    expect(write(Number.POSITIVE_INFINITY)).toHaveLength(2);
  });
});

it.each([
  [12, "bzip2"],
  [14, "LZMA"],
  [93, "Zstandard"],
  [99, "method 99"],
])("an .npz with members of method %i says %s", async (method, name) => {
  const bytes = writeNpz([["w", writeNpy(w)]]);
  const central = Buffer.from(bytes.buffer).lastIndexOf("PK\x01\x02");
  new DataView(bytes.buffer).setUint16(central + 10, method, true);
  await expect(openCheckpoint(bytes)).rejects.toMatchObject({
    code: "CKPT_ZIP",
    message: expect.stringMatching(`is compressed by ${name}; only deflate is read: save it with numpy`),
  });
});
