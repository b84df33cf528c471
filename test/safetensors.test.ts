import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { openSafetensors } from "../sdk/checkpoint/safetensors.js";
import { writeSafetensors } from "../sdk/checkpoint/safetensors-write.js";
import { bytesSource } from "../sdk/io/source.js";
import { codeOf, dice, latin1 } from "./helpers.js";

const open = (bytes: Uint8Array) => openSafetensors(bytesSource(bytes, "x.safetensors"));

/** A file of any header text and as many bytes of data; `length` overrides the header's. */
function file(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const F32x2 = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';

describe("round trip", () => {
  const data = Float32Array.of(0, -0, 1, -2.5, 1e-3, 65504, Math.PI, 3.4e38);

  it("gives back names, shapes and f32 bits", async () => {
    const bytes = writeSafetensors(
      [
        ["b.weight", { data, shape: [2, 4] }],
        ["a.bias", { data: data.subarray(2, 5), shape: [3] }],
        ["scalar", { data: Float32Array.of(7), shape: [] }],
        ["empty", { data: new Float32Array(0), shape: [0, 5] }],
      ],
      new Map([["format", "pt"]]),
    );
    const checkpoint = await open(bytes);
    expect(checkpoint.source).toBe("x.safetensors");
    expect(checkpoint.names).toEqual(["a.bias", "b.weight", "empty", "scalar"]);
    expect(checkpoint.metadata).toEqual(new Map([["format", "pt"]]));
    expect(checkpoint.info("b.weight")).toEqual({ dtype: "F32", shape: [2, 4] });
    expect(await checkpoint.get("b.weight")).toEqual({ data, shape: [2, 4] });
    expect(await checkpoint.get("a.bias")).toEqual({ data: data.slice(2, 5), shape: [3] });
    expect(await checkpoint.get("scalar")).toEqual({ data: Float32Array.of(7), shape: [] });
    expect(await checkpoint.get("empty")).toEqual({ data: new Float32Array(0), shape: [0, 5] });
    await checkpoint.close();
  });

  it("rounds to f16 and bf16", async () => {
    const values = Float32Array.of(1, -2, 0.1, 65504, 1e-7);
    const checkpoint = await open(
      writeSafetensors([
        ["half", { data: values, shape: [5], dtype: "F16" }],
        ["brain", { data: values, shape: [5], dtype: "BF16" }],
        ["full", { data: values, shape: [5] }],
      ]),
    );
    expect(checkpoint.names).toEqual(["full", "brain", "half"]);
    expect((await checkpoint.get("half")).data).toEqual(Float32Array.of(1, -2, 0.0999755859375, 65504, 2 ** -23));
    expect((await checkpoint.get("brain")).data.slice(0, 4)).toEqual(Float32Array.of(1, -2, 0.10009765625, 65536));
  });

  it("writes the same bytes whatever the order, aligned to 8", async () => {
    const one = ["one", { data: Float32Array.of(1), shape: [1] }] as const;
    const two = ["2", { data: Float32Array.of(2), shape: [1], dtype: "F16" }] as const;
    const bytes = writeSafetensors([one, two], Object.entries({ b: "x", a: "y" }));
    expect(bytes).toEqual(writeSafetensors([two, one], Object.entries({ a: "y", b: "x" })));
    const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)).trimEnd()).toBe(
      '{"__metadata__":{"a":"y","b":"x"},"one":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"2":{"dtype":"F16","shape":[1],"data_offsets":[4,6]}}',
    );
  });

  it("keeps names that are special to JavaScript", async () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "0", "ü"];
    const bytes = writeSafetensors(names.map((name, i) => [name, { data: Float32Array.of(i), shape: [1] }]));
    const checkpoint = await open(bytes);
    for (const [i, name] of names.entries()) expect((await checkpoint.get(name)).data[0]).toBe(i);
    expect(await codeOf(() => checkpoint.get("valueOf"))).toBe("CKPT_MISMATCH");
    expect(await codeOf(() => checkpoint.info("valueOf"))).toBe("CKPT_MISMATCH");
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it("refuses to write what cannot be read back", async () => {
    const one = { data: Float32Array.of(1), shape: [1] };
    expect(await codeOf(() => writeSafetensors([["a", { ...one, shape: [2] }]]))).toBe("SHAPE_MISMATCH");
    expect(await codeOf(() => writeSafetensors([["a", one] as const, ["a", one] as const]))).toBe("CKPT_DUPLICATE");
    expect(await codeOf(() => writeSafetensors([["__metadata__", one]]))).toBe("CKPT_DUPLICATE");
  });
});

describe("accepts", () => {
  it.each([
    ["no tensors", file("{}")],
    ["white space round the header's parts", file(`{ "a" :\n${F32x2} }  `, 8)],
    ["tensors listed out of order", file(`{"b":{"dtype":"U8","shape":[2],"data_offsets":[8,10]},"a":${F32x2}}`, 10)],
    [
      "fields that the format does not name",
      file('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"note":1.5}}', 1),
    ],
    ["elements of half a byte", file('{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}', 2)],
  ])("%s", async (_, bytes) => {
    expect(await codeOf(() => open(bytes))).toBe("none");
  });

  it("lists tensors in the order of their data", async () => {
    const header = `{"b":{"dtype":"U8","shape":[2],"data_offsets":[8,10]},"a":${F32x2}}`;
    expect((await open(file(header, 10))).names).toEqual(["a", "b"]);
  });

  it.each([
    ["F64", Float64Array.of(0.1, -2)],
    ["I64", BigInt64Array.of(3n, -4n)],
    ["I32", Int32Array.of(5, -6)],
    ["U8", Uint8Array.of(7, 255)],
    ["BOOL", Uint8Array.of(0, 1)],
  ] as const)("%s as f32", async (dtype, numbers) => {
    const width = numbers.byteLength;
    const bytes = file(`{"a":{"dtype":"${dtype}","shape":[2],"data_offsets":[0,${width}]}}`, width);
    bytes.set(new Uint8Array(numbers.buffer), bytes.length - width);
    const { data } = await (await open(bytes)).get("a");
    expect([...data]).toEqual([...numbers].map((v) => Math.fround(Number(v))));
  });

  it.each(["U64", "C64", "F8_E4M3"])("%s, until its data is asked for", async (dtype) => {
    const width = { U64: 8, C64: 8 }[dtype] ?? 1;
    const checkpoint = await open(file(`{"a":{"dtype":"${dtype}","shape":[1],"data_offsets":[0,${width}]}}`, width));
    expect(checkpoint.info("a")).toEqual({ dtype, shape: [1] });
    expect(await codeOf(() => checkpoint.get("a"))).toBe("CKPT_DTYPE");
  });
});

describe("refuses", () => {
  const entry = (dtype: string, shape: string, offsets: string) =>
    `{"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;

  it.each([
    ["an empty file", "CKPT_TRUNCATED", new Uint8Array(0)],
    ["a file shorter than the length", "CKPT_TRUNCATED", new Uint8Array(7)],
    ["a header longer than the file", "CKPT_TRUNCATED", file("{}", 0, 3n)],
    ["a header of 100 MB and a byte", "CKPT_HEADER", file("{}", 0, 100_000_001n)],
    ["a header of 2^64 - 1 bytes", "CKPT_HEADER", file("{}", 0, 2n ** 64n - 1n)],
    ["a header of no bytes", "CKPT_HEADER", file("", 0)],
    ["a header that begins with a space", "CKPT_HEADER", file(" {}")],
    ["a byte order mark", "CKPT_HEADER", file("\ufeff{}")],
    ["a header that is an array", "CKPT_HEADER", file("[]")],
    ["a header that is not UTF-8", "CKPT_HEADER", file(latin1('{"\xff":1}'))],
    ["a name with a lone surrogate", "CKPT_HEADER", file(`{"\\ud800":${F32x2}}`, 8)],
    ["a header cut off", "CKPT_HEADER", file('{"a":')],
    ["a second value behind the header", "CKPT_HEADER", file("{}{}")],
    ["a trailing comma", "CKPT_HEADER", file(`{"a":${F32x2},}`, 8)],
    ["single quotes", "CKPT_HEADER", file("{'a':1}")],
    ["a comment", "CKPT_HEADER", file("{}/**/")],
    ["a control character in a name", "CKPT_HEADER", file(`{"\n":${F32x2}}`, 8)],
    ["deep nesting", "CKPT_HEADER", file(`{"a":${"[".repeat(100_000)}`)],
    ["a tensor that is no object", "CKPT_HEADER", file('{"a":[1,2]}')],
    ["a tensor without dtype", "CKPT_HEADER", file('{"a":{"shape":[2],"data_offsets":[0,8]}}', 8)],
    ["a dtype that is a number", "CKPT_HEADER", file('{"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}', 8)],
    ["a tensor without shape", "CKPT_HEADER", file('{"a":{"dtype":"F32","data_offsets":[0,8]}}', 8)],
    ["a tensor without offsets", "CKPT_HEADER", file('{"a":{"dtype":"F32","shape":[2]}}', 8)],
    ["a shape that is no list", "CKPT_HEADER", file(entry("F32", "2", "[0,8]"), 8)],
    ["a negative size", "CKPT_HEADER", file(entry("F32", "[-2]", "[0,8]"), 8)],
    ["minus zero", "CKPT_HEADER", file(entry("F32", "[-0]", "[0,0]"))],
    ["a size with a fraction", "CKPT_HEADER", file(entry("F32", "[2.0]", "[0,8]"), 8)],
    ["a size with an exponent", "CKPT_HEADER", file(entry("F32", "[2e0]", "[0,8]"), 8)],
    ["a size of 2^53 + 1", "CKPT_HEADER", file(entry("F32", "[9007199254740993]", "[0,8]"), 8)],
    ["a size that is a string", "CKPT_HEADER", file(entry("F32", '["2"]', "[0,8]"), 8)],
    ["offsets beyond 2^53", "CKPT_HEADER", file(entry("F32", "[2]", "[0,18446744073709551616]"), 8)],
    ["metadata that is no object", "CKPT_HEADER", file('{"__metadata__":"pt"}')],
    ["metadata with a number", "CKPT_HEADER", file('{"__metadata__":{"epoch":300}}')],
    ["metadata with an object", "CKPT_HEADER", file('{"__metadata__":{"a":{}}}')],
    ["a name that occurs twice", "CKPT_DUPLICATE", file(`{"a":${F32x2},"a":${F32x2}}`, 8)],
    ["a name twice, once escaped", "CKPT_DUPLICATE", file(`{"a":${F32x2},"\\u0061":${F32x2}}`, 8)],
    [
      "a field twice",
      "CKPT_DUPLICATE",
      file('{"a":{"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}}', 8),
    ],
    ["metadata twice", "CKPT_DUPLICATE", file('{"__metadata__":{},"__metadata__":{}}')],
    ["a metadata key twice", "CKPT_DUPLICATE", file('{"__metadata__":{"a":"1","a":"2"}}')],
    ["an unknown dtype", "CKPT_DTYPE", file(entry("F128", "[1]", "[0,16]"), 16)],
    ["a dtype in lower case", "CKPT_DTYPE", file(entry("f32", "[2]", "[0,8]"), 8)],
    ["a dtype that every object has", "CKPT_DTYPE", file(entry("constructor", "[2]", "[0,8]"), 8)],
    ["one offset", "CKPT_OFFSETS", file(entry("F32", "[2]", "[8]"), 8)],
    ["three offsets", "CKPT_OFFSETS", file(entry("F32", "[2]", "[0,8,8]"), 8)],
    ["inverted offsets", "CKPT_OFFSETS", file(entry("F32", "[2]", "[8,0]"), 8)],
    ["fewer bytes than the shape needs", "CKPT_OFFSETS", file(entry("F32", "[3]", "[0,8]"), 8)],
    ["more bytes than the shape needs", "CKPT_OFFSETS", file(entry("F32", "[1]", "[0,8]"), 8)],
    ["a count of 2^53 elements", "CKPT_OFFSETS", file(entry("U8", "[4503599627370496,2]", "[0,8]"), 8)],
    ["a count that wraps to 0 in 64 bits", "CKPT_OFFSETS", file(entry("U8", "[4294967296,4294967296]", "[0,0]"))],
    ["three elements of half a byte", "CKPT_OFFSETS", file(entry("F4", "[3]", "[0,2]"), 2)],
    ["a hole before the first tensor", "CKPT_OFFSETS", file(entry("F32", "[2]", "[4,12]"), 12)],
    [
      "a hole between tensors",
      "CKPT_OFFSETS",
      file(`{"a":${F32x2},"b":{"dtype":"U8","shape":[2],"data_offsets":[9,11]}}`, 11),
    ],
    ["an overlap", "CKPT_OFFSETS", file(`{"a":${F32x2},"b":{"dtype":"U8","shape":[2],"data_offsets":[7,9]}}`, 9)],
    ["two tensors on the same bytes", "CKPT_OFFSETS", file(`{"a":${F32x2},"b":${F32x2}}`, 8)],
    ["bytes behind the last tensor", "CKPT_OFFSETS", file(`{"a":${F32x2}}`, 9)],
    ["data cut off", "CKPT_TRUNCATED", file(`{"a":${F32x2}}`, 7)],
  ])("%s: %s", async (_, code, bytes) => {
    expect(await codeOf(() => open(bytes))).toBe(code);
  });

  it("says where, and what was found", async () => {
    await expect(open(file(entry("F32", "[3]", "[0,8]"), 8))).rejects.toThrow(
      'x.safetensors: tensor "a": F32 of shape [3] needs 12 bytes, its offsets give 8',
    );
  });

  it("closes the file", async () => {
    let closed = 0;
    const source = { ...bytesSource(file("[]")), close: async () => void closed++ };
    expect(await codeOf(() => openSafetensors(source))).toBe("CKPT_HEADER");
    expect(await codeOf(() => openCheckpoint({ ...source, size: 0 }))).toBe("CKPT_FORMAT");
    expect(closed).toBe(2);
  });
});

it("reads only the header and the tensor asked for", async () => {
  const bytes = writeSafetensors([
    ["a", { data: new Float32Array(1000), shape: [1000] }],
    ["b", { data: Float32Array.of(5), shape: [1] }],
  ]);
  const reads: number[] = [];
  const inner = bytesSource(bytes);
  const read = (offset: number, length: number) => {
    reads.push(length);
    return inner.read(offset, length);
  };
  const checkpoint = await openSafetensors({ ...inner, read });
  expect((await checkpoint.get("b")).data[0]).toBe(5);
  expect(reads[0]).toBe(8);
  expect(reads[2]).toBe(4);
  expect(reads.length).toBe(3);
});

describe("openCheckpoint", () => {
  const sniff = (text: string) => openCheckpoint(bytesSource(latin1(text), "w.pth"));

  it("opens safetensors", async () => {
    const checkpoint = await openCheckpoint(bytesSource(file(`{"a":${F32x2}}`, 8)));
    expect(checkpoint.names).toEqual(["a"]);
  });

  it("is not misled by a header length that looks like another format", async () => {
    const header = `{"a":${F32x2}}`.padEnd(0x0280);
    expect((await openCheckpoint(bytesSource(file(header, 8)))).names).toEqual(["a"]);
  });

  it.each([
    ["", "the file is empty"],
    ["\x80\x02K\x07.", "a Python pickle, but none that torch.save wrote"],
    ["<!DOCTYPE html><html></html>", "this is an HTML page"],
    ["\x1f\x8b\x08\0", "this is a gzip archive"],
    ["\x93NUMPY\x01\0", "this is a NumPy array"],
    ["\x89HDF\r\n", "this is an HDF5 file"],
    ["version https://git-lfs.github.com/spec/v1", "Git LFS pointer"],
    ["hello world", "the file begins with the bytes 68 65"],
  ])("names what %j is", async (text, found) => {
    await expect(sniff(text)).rejects.toMatchObject({ code: "CKPT_FORMAT", message: expect.stringContaining(found) });
  });
});

/** What the header says by `JSON.parse` and plain arithmetic: an accepted file has to agree with it. */
function naive(bytes: Uint8Array<ArrayBuffer>) {
  const n = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const { __metadata__, ...tensors } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + n)));
  const entries = Object.entries(tensors as Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>);
  const covered = entries.reduce((sum, [, { data_offsets }]) => sum + data_offsets[1] - data_offsets[0], 0);
  expect(8 + n + covered).toBe(bytes.length);
  return new Map(entries.map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
}

it("answers 2,000 mutations with a typed error or what a strict parse gives", async () => {
  const roll = dice(11);
  const origin = writeSafetensors(
    [
      ["layers.0.weight", { data: new Float32Array(6), shape: [2, 3] }],
      ["layers.0.bias", { data: new Float32Array(3), shape: [3], dtype: "F16" }],
      ["cls", { data: new Float32Array(4), shape: [1, 1, 4], dtype: "BF16" }],
    ],
    new Map([["format", "pt"]]),
  );
  const signs = latin1('{}[]",:0123456789FBI\\ \xff-.e');
  let accepted = 0;
  for (let i = 0; i < 2000; i++) {
    let bytes = origin.slice();
    for (let k = 0; k <= roll(3); k++) bytes[roll(8 + 280)] = roll(4) ? signs[roll(signs.length)] : roll(256);
    if (roll(10) === 0) bytes = bytes.slice(0, roll(bytes.length));
    const code = await codeOf(async () => {
      const checkpoint = await open(bytes);
      const found = new Map(checkpoint.names.map((name) => [name, checkpoint.info(name)]));
      expect(found).toEqual(naive(bytes));
      for (const [name, { dtype }] of found) if (/^B?F(16|32)$/.test(dtype)) await checkpoint.get(name);
      accepted++;
    });
    expect(code).toMatch(/^(none|CKPT_)/);
  }
  expect(accepted).toBeGreaterThan(50);
});
