import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import {
  readNpy,
  streamNpy,
  streamNpyStrings,
  streamNpz,
  writeNpy,
  writeNpyStrings,
  writeNpz,
} from "../sdk/checkpoint/npy.js";
import { codeOf, dice, latin1, rounds } from "./helpers.js";

const read = (bytes: Uint8Array) => readNpy(bytes, "x.npy");

/** A file of any header text, version and data. */
function file(header: string, data: number[] = [], version = 1): Uint8Array<ArrayBuffer> {
  const length = [header.length & 255, header.length >> 8, 0, 0].slice(0, version === 1 ? 2 : 4);
  return Uint8Array.from([...latin1("\x93NUMPY"), version, 0, ...length, ...latin1(header), ...data]);
}

const U8x3 = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";

const header = (descr: string, order: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

describe("readNpy", () => {
  it.each([
    ["version 1", file(U8x3, [1, 2, 3])],
    ["version 2", file(U8x3, [1, 2, 3], 2)],
    ["version 3", file(U8x3, [1, 2, 3], 3)],
    ["padding and a line's end", file(`${U8x3}      \n`, [1, 2, 3])],
    ["another order and other quotes", file(`{"shape":(3,),"fortran_order":False,"descr":"|u1"}`, [1, 2, 3])],
    ["Fortran order where it makes no difference", file(U8x3.replace("False", "True"), [1, 2, 3])],
  ])("reads %s", (_, bytes) => {
    expect(read(bytes)).toEqual({ dtype: "u8", data: Uint8Array.of(1, 2, 3), shape: [3] });
  });

  it("reads a Buffer that is part of a larger one", () => {
    const bytes = writeNpy({ data: new Float32Array([1.5, -2]), shape: [2] });
    const pool = Buffer.alloc(bytes.length + 7, 0xff);
    pool.set(bytes, 3);
    const { data } = read(pool.subarray(3, 3 + bytes.length));
    expect(data).toEqual(new Float32Array([1.5, -2]));
    pool.fill(0);
    expect(data).toEqual(new Float32Array([1.5, -2]));
  });

  it.each([
    [[2, 3], new Float32Array([1, -2, 0.5, Number.NaN, 1e-40, 3e38])],
    [[], new Float32Array([7])],
    [[6], new Uint8Array([0, 1, 2, 3, 254, 255])],
    [[0, 4], new Uint8Array(0)],
    [[1, 2, 3, 1], new Uint8Array(6)],
  ])("reads back what writeNpy writes: %j", (shape, data) => {
    const dtype = data instanceof Uint8Array ? "u8" : "f32";
    expect(read(writeNpy({ data, shape }))).toEqual({ dtype, data, shape });
  });

  it.each([
    ["(2, 3)", [1, 4, 2, 5, 3, 6]],
    ["(3, 2)", [1, 3, 5, 2, 4, 6]],
    ["(1, 2, 1, 3)", [1, 4, 2, 5, 3, 6]],
    ["(1, 6)", [1, 2, 3, 4, 5, 6]],
    ["()", [1]],
    ["(2, 0, 3)", []],
    // numpy.arange(24).reshape(2, 3, 4)
    ["(2, 3, 4)", [0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23]],
    [`(${"1, ".repeat(62)}2, 2)`, [1, 3, 2, 4]],
  ])("reads Fortran order of %s", (shape, stored) => {
    const sorted = [...stored].sort((a, b) => a - b);
    expect([...read(file(header("'|u1'", "True", shape), stored)).data]).toEqual(sorted);
    const floats = [...new Uint8Array(Float32Array.from(stored).buffer)];
    expect([...read(file(header("'<f4'", "True", shape), floats)).data]).toEqual(sorted);
  });

  it.each([
    ["an empty file", new Uint8Array(0)],
    ["another file", latin1("\x89PNG\r\n\x1a\n and more")],
    ["a file cut off in its header", file(U8x3).subarray(0, 30)],
    ["a file of 9 bytes", file(U8x3).subarray(0, 9)],
    ["version 4", file(U8x3, [1, 2, 3], 4)],
    ["version 0", file(U8x3, [1, 2, 3], 0)],
    ["a header beyond NumPy's limit", file(U8x3.padEnd(10_001), [1, 2, 3])],
    ["data cut off", file(U8x3, [1, 2])],
    ["data too long", file(U8x3, [1, 2, 3, 4])],
    ["f64", file(header("'<f8'", "False", "()"), [0, 0, 0, 0, 0, 0, 0, 0])],
    ["big-endian f32", file(header("'>f4'", "False", "()"), [0, 0, 0, 0])],
    ["objects", file(header("'|O'", "False", "()"), [0, 0, 0, 0, 0, 0, 0, 0])],
    ["a structure", file(header("[('a', '<f4')]", "False", "()"), [0, 0, 0, 0])],
    ["a type that every object has", file(header("'toString'", "False", "()"), [])],
    ["65 dimensions", file(header("'|u1'", "False", `(${"1,".repeat(65)})`), [1])],
    ["an order that is no truth value", file(header("'|u1'", "0", "(3,)"), [1, 2, 3])],
    ["a negative size", file(header("'|u1'", "False", "(-3,)"), [1, 2, 3])],
    ["a size with a fraction", file(header("'|u1'", "False", "(3.0,)"), [1, 2, 3])],
    ["a size in octal", file(header("'|u1'", "False", "(03,)"), [1, 2, 3])],
    ["sizes whose product overflows", file(header("'|u1'", "False", "(4294967296, 4294967296)"), [])],
    ["a size beyond 2^53 beside a 0", file(header("'|u1'", "False", "(0, 9007199254740993)"), [])],
    ["a call in the header", file(header("'|u1'", "False", "eval('3,')"), [1, 2, 3])],
    ["a key twice", file("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", [1, 2, 3])],
    ["a key more", file("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'x': 'y'}", [1, 2, 3])],
    ["a key less", file("{'descr': '|u1', 'shape': (3,)}", [1, 2, 3])],
    ["__proto__ for a key", file("{'descr': '|u1', '__proto__': False, 'shape': (3,)}", [1, 2, 3])],
    ["an unclosed header", file("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)", [1, 2, 3])],
    ["text behind the header", file(`${U8x3}; import os`, [1, 2, 3])],
    ["two commas", file(U8x3.replace(", }", ",, }"), [1, 2, 3])],
  ])("refuses %s", async (_, bytes) => {
    expect(await codeOf(() => read(bytes))).toBe("NPY_FORMAT");
  });

  it("answers mutations with an array or a typed error", async () => {
    const roll = dice(3);
    const origin = writeNpy({ data: new Float32Array(6), shape: [2, 3] });
    const signs = latin1("{}(),:'\"0123456789 TrueFalse<|fu");
    for (let i = 0; i < rounds(2000); i++) {
      const bytes = origin.slice(0, roll(10) ? undefined : roll(origin.length));
      for (let k = 0; k <= roll(3); k++) bytes[roll(90)] = roll(4) ? signs[roll(signs.length)] : roll(256);
      expect(await codeOf(() => read(bytes))).toMatch(/^(none|NPY_FORMAT)$/);
    }
  });
});

describe("writers", () => {
  it("begins the data at a multiple of 64, as NumPy does", () => {
    const bytes = writeNpy({ data: Uint8Array.of(9), shape: [1] });
    const text = String.fromCharCode(...bytes.subarray(10, 128));
    expect(bytes.length).toBe(129);
    expect(text).toBe(`${"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }".padEnd(117)}\n`);
  });

  it("writes labels as 32-bit integers", () => {
    const bytes = writeNpy({ data: Int32Array.of(-1, 70_000), shape: [2] });
    expect(String.fromCharCode(...bytes.subarray(10, 40))).toContain("'descr': '<i4'");
    expect([...new Int32Array(bytes.slice(128).buffer)]).toEqual([-1, 70_000]);
  });

  it("refuses a shape that is not the data's", async () => {
    expect(await codeOf(() => writeNpy({ data: new Uint8Array(5), shape: [2, 3] }))).toBe("SHAPE_MISMATCH");
  });

  it("writes text of any planes, padded by zeros", () => {
    const bytes = writeNpyStrings(["a.jpg", "ü😀", ""]);
    expect(String.fromCharCode(...bytes.subarray(10, 70))).toContain(
      "'descr': '<U5', 'fortran_order': False, 'shape': (3,)",
    );
    const points = Array.from(new Uint32Array(bytes.slice(128).buffer));
    expect(points).toEqual([97, 46, 106, 112, 103, 252, 0x1f600, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("writes the same bytes in parts, and refuses parts of another length", async () => {
    const data = Float32Array.from({ length: 6 }, (_, i) => i);
    const inParts = (...lengths: number[]) =>
      streamNpy({
        dtype: "f32",
        shape: [2, 3],
        async *parts() {
          for (const [i, length] of lengths.entries()) yield data.subarray(2 * i, 2 * i + length);
        },
      });
    const names = ["a.jpg", "ü😀"];
    const parts: Uint8Array[] = [];
    const files = [["x", inParts(2, 2, 2)] as const, ["names", streamNpyStrings(names)] as const];
    for await (const part of streamNpz(files)) parts.push(part);
    const whole = [["x", writeNpy({ data, shape: [2, 3] })] as const, ["names", writeNpyStrings(names)] as const];
    expect(Buffer.concat(parts).equals(writeNpz(whole))).toBe(true);
    const short = async () => {
      for await (const _ of inParts(2, 2).parts());
    };
    expect(await codeOf(short)).toBe("SHAPE_MISMATCH");
  });

  it("stores .npy files in a zip, the same bytes each time", () => {
    const stage = writeNpy({ data: new Float32Array(6), shape: [2, 3] });
    const inputs = writeNpyStrings(["a.jpg", "b.jpg"]);
    const npz = writeNpz([
      ["stage0", stage],
      ["inputs", inputs],
    ]);
    expect(unzipSync(npz)).toEqual({ "stage0.npy": stage, "inputs.npy": inputs });
    expect(npz.length).toBeGreaterThan(stage.length + inputs.length);
    expect(Array.from(npz.subarray(10, 14))).toEqual([0, 0, 0, 0]);
  });
});
