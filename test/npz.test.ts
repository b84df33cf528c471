/** Weights in `.npz`: numpy's own archives, ours, and what is wrong with others. */

import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { getModel, tensor, writeNpy, writeNpz } from "../sdk/entries/node.js";
import { bytesSource } from "../sdk/io/source.js";
import { codeOf, dice, latin1, rounds } from "./helpers.js";
import { ours } from "./naming.js";
import { tiny } from "./tiny.js";

const open = (bytes: Uint8Array) => openCheckpoint(bytesSource(bytes, "x.npz"));
const fixture = (name: string) => new Uint8Array(readFileSync(`test/fixtures/${name}.npz`));
const grid = Array.from({ length: 12 }, (_, i) => (i - 6) / 8);
const counts = [-3, -2, -1, 0, 1, 2, 3, 4];

describe.each(["stored", "deflated"])("numpy's %s arrays", (name) => {
  it("are read as f32, whatever numbers they hold", async () => {
    const file = await open(fixture(name));
    expect(file).toMatchObject({ format: "npz", source: "x.npz" });
    const expected: Record<string, readonly [string, readonly number[], readonly number[]]> = {
      float32: ["F32", [3, 4], grid],
      float16: ["F16", [3, 4], grid],
      float64: ["F64", [3, 4], grid],
      int64: ["I64", [8], counts],
      int32: ["I32", [8], counts],
      int16: ["I16", [8], counts],
      int8: ["I8", [8], counts],
      uint8: ["U8", [5], [250, 251, 252, 253, 254]],
      bool: ["BOOL", [3], [1, 0, 1]],
      scalar: ["F32", [], [2.5]],
      empty: ["F32", [0, 3], []],
      "layers.0.weight": ["F32", [3, 4], [8, 4, 0].flatMap((row) => grid.slice(row, row + 4))],
      fortran: ["F32", [3, 4], grid],
    };
    expect(file.names).toEqual([...Object.keys(expected), "text", "complex", "big"]);
    const staging = { take: (count: number) => new Float32Array(100).subarray(7, 7 + count) };
    for (const [key, [dtype, shape, numbers]] of Object.entries(expected)) {
      expect(file.info(key)).toEqual({ dtype, shape });
      for (const given of [undefined, staging]) {
        const got = await file.get(key, given);
        expect([key, got.shape, [...got.data]]).toEqual([key, shape, numbers]);
      }
    }
  });

  it("are refused where they are no weights", async () => {
    const file = await open(fixture(name));
    for (const key of ["text", "complex", "big"]) expect(await codeOf(() => file.get(key))).toBe("CKPT_DTYPE");
    await expect(file.get("none")).rejects.toThrow(/x\.npz: no tensor "none"/);
    await file.close();
  });
});

it("arrays of objects are refused, and never rebuilt", async () => {
  await expect(open(fixture("objects"))).rejects.toMatchObject({
    code: "CKPT_DTYPE",
    message: expect.stringContaining('the member "things.npy" holds Python objects'),
  });
});

describe("an archive", () => {
  const npy = writeNpy({ data: Float32Array.of(1, 2, 3), shape: [3] });

  it.each([0, 6, 9] as const)("of level %i is read", async (level) => {
    const file = await open(zipSync({ "a.npy": npy }, { level }));
    expect([...(await file.get("a")).data]).toEqual([1, 2, 3]);
  });

  it.each([
    ["another file", zipSync({ "a.npy": npy, "b.txt": latin1("b") }), "CKPT_FORMAT"],
    ["no header", zipSync({ "a.npy": latin1("nonsense") }), "CKPT_HEADER"],
    ["too few numbers", zipSync({ "a.npy": npy.slice(0, -1) }), "CKPT_OFFSETS"],
    ["too many numbers", zipSync({ "a.npy": Uint8Array.of(...npy, 0) }), "CKPT_OFFSETS"],
    ["its end cut off", zipSync({ "a.npy": npy }).slice(0, -30), "CKPT_TRUNCATED"],
  ])("with %s is refused", async (_, bytes, code) => {
    expect(await codeOf(() => open(bytes))).toBe(code);
  });

  it("whose stored data changed is noticed", async () => {
    const bytes = writeNpz([["a", npy]]);
    const data = bytes.findIndex((_, i) => i > 0 && bytes.subarray(i, i + 12).join() === npy.subarray(-12).join());
    for (const staging of [undefined, { take: (count: number) => new Float32Array(count) }]) {
      for (const at of [data, data + 11]) {
        const broken = bytes.slice();
        broken[at] ^= 1;
        const file = await open(broken);
        expect(await codeOf(() => file.get("a", staging))).toBe("CKPT_ZIP");
      }
    }
  });

  it("whose packed data changed is noticed", async () => {
    const noise = dice(5);
    const large = writeNpy({ data: Float32Array.from({ length: 8192 }, () => noise(1000)), shape: [8192] });
    const bytes = zipSync({ "a.npy": large }, { level: 6 });
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const broken = bytes.slice();
      broken[2000 + 300 * i] ^= 1 << (i % 8);
      seen.add(
        await codeOf(async () => {
          await (await open(broken)).get("a");
        }),
      );
    }
    expect([...seen]).toEqual(["CKPT_ZIP"]);
  });

  it("answers mutations with a typed error or with arrays", async () => {
    const bytes = fixture("deflated");
    const draw = dice(11);
    for (let i = 0; i < rounds(300); i++) {
      const broken = bytes.slice(0, draw(4) === 0 ? draw(bytes.length) : undefined);
      if (broken.length > 0) broken[draw(broken.length)] = draw(256);
      const code = await codeOf(async () => {
        const file = await open(broken);
        for (const name of file.names) await file.get(name);
      });
      expect(code).toMatch(/^(none|(CKPT|NPY)_\w+)$/);
    }
  });
});

it("a model's weights in .npz give the features of the same numbers", async () => {
  const entries = ours(tiny).map(([name, t]) => [name, writeNpy(t)] as const);
  const x = tensor(new Float32Array(3 * 56 * 56).fill(0.5), [1, 3, 56, 56]);
  using plain = await getModel(tiny, { weights: "procedural", threads: 1 });
  const packed = zipSync(Object.fromEntries(entries.map(([name, npy]) => [`${name}.npy`, npy])), { level: 6 });
  for (const weights of [writeNpz(entries), packed]) {
    using model = await getModel(tiny, { weights, threads: 1 });
    expect(await model.extractFeat(x)).toEqual(await plain.extractFeat(x));
  }
});
