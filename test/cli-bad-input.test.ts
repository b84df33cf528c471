import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpy } from "../sdk/checkpoint/npy.js";
import { cli, fixtures, json, samples, smallConfig, smallModel, temporaryFolder } from "./cli.js";
import { latin1 } from "./helpers.js";

const folder = temporaryFolder();
const small = smallModel(folder);
const good = join(samples, "city-day.png");

function put(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return name;
}

/** A fixture with `values` written at `at`. */
function patched(name: string, at: (bytes: Uint8Array) => number, values: number[]): Uint8Array {
  const bytes = new Uint8Array(readFileSync(join(fixtures, name)));
  bytes.set(values, at(bytes));
  return bytes;
}

/** Offset of the height in a JPEG's frame header; width and number of components follow. */
const frame = (bytes: Uint8Array) => bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0) + 5;
const jpeg = readFileSync(join(fixtures, "jpeg-420.jpg"));

/** A safetensors file with this header and so many bytes behind it. */
function safetensors(header: string, size: number, length = header.length): Uint8Array {
  const file = new Uint8Array(8 + header.length + size);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(latin1(header), 8);
  return file;
}
const tensor = (name: string, begin: number, end: number, dtype = "F32") =>
  `"${name}":{"dtype":"${dtype}","shape":[1],"data_offsets":[${begin},${end}]}`;

mkdirSync(join(folder, "empty"));

describe("an input that cannot be used", () => {
  it.each([
    ["missing.jpg", "FILE_NOT_FOUND", /missing.jpg: no such file/],
    ["empty", "IMG_NO_IMAGES", /empty: a folder without images/],
    [put("text.jpg", "hello, this is text"), "IMG_FORMAT", /text.jpg: .*expected a JPEG, PNG or WebP/],
    [put("cut.jpg", jpeg.subarray(0, 700)), "IMG_CORRUPT", /cut.jpg: .*truncated or broken/],
    [put("zero.png", ""), "IMG_EMPTY", /zero.png: the file is empty/],
    [
      put(
        "none.png",
        patched("png-rgb.png", () => 16, [0, 0, 0, 0, 0, 0, 0, 0]),
      ),
      "IMG_SIZE",
      /0x0/,
    ],
    [put("huge.jpg", patched("jpeg-420.jpg", frame, [255, 255, 255, 255])), "IMG_SIZE", /65535x65535 .*64 million/],
    [
      put(
        "cmyk.jpg",
        patched("jpeg-420.jpg", (b) => frame(b) + 4, [4]),
      ),
      "IMG_CMYK",
      /cmyk.jpg/,
    ],
    [put("anim.gif", "GIF89a\x01\0\x01\0"), "IMG_FORMAT", /a GIF image/],
    [put("shape.npy", writeNpy({ data: new Float32Array(8), shape: [2, 4] })), "SHAPE_MISMATCH", /got f32 \[2,4\]/],
    [put("rgba.npy", writeNpy({ data: new Uint8Array(16), shape: [2, 2, 4] })), "SHAPE_MISMATCH", /got u8 \[2,2,4\]/],
    [
      put("nan.npy", writeNpy({ data: new Float32Array(12).fill(Number.NaN), shape: [3, 2, 2] })),
      "NON_FINITE",
      /nan.npy: element 0/,
    ],
    [put("text.npy", "hello"), "NPY_FORMAT", /text.npy/],
  ])("%s is %s, and leaves no file", async (input, code, message) => {
    const out = `${input}.out.npy`;
    const run = await cli(["extract", input, ...small, "--out", out, "--json"], folder);
    const { error } = JSON.parse(run.stdout);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(run.stderr).toBe(`maskfeat-wgpu: ${error.message}\n`);
    expect(run.code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith(out))).toEqual([]);
  });

  it.each(["extract", "predict"])("is skipped by %s among others, named or in a folder", async (command) => {
    writeFileSync(join(folder, "classifier.json"), JSON.stringify({ ...smallConfig, kind: "classifier" }));
    const model = command === "extract" ? small : ["--model", "classifier.json", ...small.slice(2)];
    const broken = ["text.jpg", "cut.jpg", "huge.jpg", "anim.gif", "shape.npy", "nan.npy", "text.npy"];
    const run = await json([command, ...broken, good, ...model, "--out", "left.npz"], folder);
    expect(run.skipped.map((s: { input: string }) => s.input)).toEqual(broken);
    expect((run.outputs ?? run.results).map((o: { input: string }) => o.input)).toEqual([good]);
    const strict = await cli([command, "text.jpg", good, ...model, "--strict"], folder);
    expect([strict.code, strict.stderr]).toEqual([1, expect.stringContaining("skipped: text.jpg: ")]);
    const none = await cli([command, "text.jpg", "cut.jpg", ...model, "--out", "none.npz"], folder);
    expect([none.code, none.stdout, none.stderr]).toEqual([
      1,
      "",
      expect.stringContaining("all 2 inputs were skipped"),
    ]);
    expect(readdirSync(folder).filter((name) => name.startsWith("none.npz"))).toEqual([]);
  });

  it("that does not exist is named before the model is loaded", async () => {
    const { code, stderr } = await cli(["extract", good, "missing.jpg", "--weights", "no-such.pth"], folder);
    expect([code, stderr]).toEqual([1, "maskfeat-wgpu: missing.jpg: no such file or folder (ENOENT)\n"]);
  });

  it("is skipped in a folder, and the next images are still right", async () => {
    const mixed = join(folder, "mixed");
    mkdirSync(mixed);
    writeFileSync(join(mixed, "a.png"), readFileSync(good));
    writeFileSync(join(mixed, "b.jpg"), jpeg.subarray(0, 700));
    writeFileSync(join(mixed, "c.png"), readFileSync(good));
    const run = await json(["extract", mixed, ...small], folder);
    expect(run.skipped).toMatchObject([{ input: join(mixed, "b.jpg"), code: "IMG_CORRUPT" }]);
    expect(run.outputs).toHaveLength(2);
    const alone = await json(["extract", good, ...small], folder);
    for (const output of run.outputs) expect(output.first).toEqual(alone.outputs[0].first);
  });

  it("fails where nothing is left", async () => {
    const { code, stdout } = await cli(["extract", "-", ...small, "--json"], folder, { input: "nope.jpg\n" });
    expect([code, JSON.parse(stdout).error.code]).toEqual([1, "IMG_NO_IMAGES"]);
  });

  it("cannot command the terminal by its name", async () => {
    const { stderr } = await cli(["extract", "\x1b[2Jx\ny.jpg", ...small], folder);
    expect(stderr).toBe("maskfeat-wgpu: \\x1b[2Jx y.jpg: no such file or folder (ENOENT)\n");
  });
});

describe("weights and configurations", () => {
  it.each([
    ["long.safetensors", safetensors("{}", 0, 2 ** 31), "CKPT_HEADER"],
    ["hole.safetensors", safetensors(`{${tensor("a", 0, 4)},${tensor("b", 8, 12)}}`, 12), "CKPT_OFFSETS"],
    ["overlap.safetensors", safetensors(`{${tensor("a", 0, 4)},${tensor("b", 0, 4)}}`, 4), "CKPT_OFFSETS"],
    ["size.safetensors", safetensors(`{${tensor("a", 0, 8)}}`, 8), "CKPT_OFFSETS"],
    ["twice.safetensors", safetensors(`{${tensor("a", 0, 4)},${tensor("a", 4, 8)}}`, 8), "CKPT_DUPLICATE"],
    ["dtype.safetensors", safetensors(`{${tensor("a", 0, 4, "F99")}}`, 4), "CKPT_DTYPE"],
    ["other.safetensors", safetensors(`{${tensor("a", 0, 4)}}`, 4), "CKPT_MISMATCH"],
    ["text.safetensors", latin1("hello"), "CKPT_FORMAT"],
  ])("%s is refused", async (name, bytes, code) => {
    put(name, bytes);
    const config = small.slice(0, 2);
    const run = await cli(["extract", good, ...config, "--weights", name, "--json"], folder);
    const { error } = JSON.parse(run.stdout);
    expect([error.code, run.code]).toEqual([code, 1]);
    expect(error.message).toContain(name);
  });

  it.each([
    ["{", "OPT_VALUE", 2],
    ['{"patches":4}', "OPT_UNKNOWN", 2],
    ['{"embedDims":50}', "OPT_VALUE", 2],
  ])("the configuration %s is wrong", async (text, code, exit) => {
    const path = put("bad.json", text);
    const run = await cli(["extract", good, "--model", path, "--weights", "procedural", "--json"], folder);
    expect([JSON.parse(run.stdout).error.code, run.code]).toEqual([code, exit]);
  });
});

describe("outputs that cannot be written", () => {
  it.each([
    ["extract", "small.json/f.npy", [good, ...small]],
    ["extract", "nowhere/f.npy", [good, ...small]],
    ["reconstruct", "small.json/rec", [good, ...small]],
    ["mask", "small.json/m.npy", []],
    ["demo", "small.json", small],
  ])("%s --out %s", async (command, out, args) => {
    const { code, stdout } = await cli([command, ...args, "--out", out, "--json"], folder);
    expect([code, JSON.parse(stdout).error.code]).toEqual([1, "FILE_WRITE"]);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
