import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { readNpy } from "../sdk/checkpoint/npy.js";
import { cli, json, noGpu, program, samples, smallModel, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();
const small = smallModel(folder);
const image = join(samples, "city-day.png");
const npy = (path: string) => readNpy(new Uint8Array(readFileSync(path)), path);

describe("usage", () => {
  it.each([
    [["nope"], "OPT_UNKNOWN", /unknown command 'nope'; the commands are demo, extract, .*info/],
    [["extrct"], "OPT_UNKNOWN", /unknown command 'extrct' \(did you mean extract\?\); the commands are/],
    [["mask", "--sed", "1"], "OPT_UNKNOWN", /unknown option '--sed' \(did you mean --seed\?\); /],
    [["extract", image, "--out-type", "clstoken"], "OPT_VALUE", /got "clstoken" \(did you mean cls_token\?\)/],
    [["extract", image, "--model", "vit-tiny"], "MODEL_UNKNOWN", /did you mean maskfeat_vit-tiny-p16\?/],
    [["preprocess", image, "--stage", "decoded", "--size", "56"], "OPT_VALUE", /--size: decoded pixels are not/],
    [["extract"], "OPT_MISSING", /missing required argument 'inputs'/],
    [["mask", "--bogus"], "OPT_UNKNOWN", /unknown option '--bogus'; .*--seed/],
    [["mask", "extra"], "OPT_UNKNOWN", /too many arguments/],
    [["mask", "--seed"], "OPT_VALUE", /--seed must be a whole number .*, got "--json"/],
    [["mask", "--seed", "-1"], "OPT_VALUE", /--seed must be a whole number from 0 to 4294967295, got "-1"/],
    [["mask", "--grid", "14"], "OPT_VALUE", /--grid must be like 14x14 for mmpretrain/],
    [["mask", "--grid", "axb"], "OPT_VALUE", /--grid must be whole numbers as in 14x14/],
    [["mask", "--num", "5000"], "OPT_VALUE", /num: expected an integer from 0 to 169, got 5000/],
    [
      ["mask", "--generator", "beit"],
      "OPT_VALUE",
      /--generator must be one of mmpretrain, pyslowfast, pyslowfast-cube/,
    ],
    [["mask", "--out", "m.txt"], "OPT_VALUE", /--out must end in .npy/],
    [["hog", image, "--nbins", "x"], "OPT_VALUE", /--nbins must be a whole number/],
    [["hog", image, "--pool", "3"], "OPT_VALUE", /--pool must divide 16/],
    [["hog", image, "--gaussian-window", "5"], "OPT_VALUE", /--gaussian-window must be 0 or divide/],
    [["preprocess", image, "--stage", "raw"], "OPT_VALUE", /--stage must be one of decoded, u8, f32/],
    [
      ["extract", image, "--out-type", "nonsense"],
      "OPT_VALUE",
      /one of embedding, avg_featmap, cls_token, raw, featmap/,
    ],
    [["extract", image, "--threads", "0"], "OPT_VALUE", /--threads must be a whole number from 1 to 64/],
    [["extract", image, "--batch-size", "1.5"], "OPT_VALUE", /--batch-size/],
    [["extract", image, "--dtype", "f64"], "OPT_VALUE", /--dtype must be one of f32/],
    [["extract", image, "--model", "nope"], "MODEL_UNKNOWN", /no model is named "nope"; the models are .*tiny/],
    [["extract", image, "--model", "maskfeat_vit-tiny-p16"], "OPT_MISSING", /--model needs --weights/],
    [["extract", image, "--weights", "pretrained"], "OPT_VALUE", /has no published checkpoint; the choices are/],
    [
      ["extract", image, "--model", "maskfeat_vit-tiny-p16", "--preset", "timm-deit"],
      "OPT_VALUE",
      /--preset goes with/,
    ],
    [
      ["extract", image, ...small, "--preset", "timm"],
      "OPT_VALUE",
      /--preset must be one of mmpretrain, .*timm-augreg/,
    ],
    [["extract", image, "--weights", "init:x"], "OPT_VALUE", /--weights must be init:SEED/],
    [["extract", image, ...small, "--out-indices", "0,7"], "OPT_VALUE", /--out-indices must be from -2 to 1, got 7/],
    [["extract", image, "--out-type", "raw", "--out-indices", "0,1", "--out", "f.npy"], "OPT_VALUE", /holds one stage/],
    [["reconstruct", image, "--seed", "1", "--mask", "m.npy"], "OPT_VALUE", /exclude each other/],
  ])("%j is wrong usage", async (args, code, message) => {
    const { code: exit, stdout, stderr } = await cli([...args, "--json"], folder);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ name: "OptionError", code });
    expect(error.message).toMatch(message);
    expect(stderr).toBe(`maskfeat-wgpu: ${error.message}\n`);
    expect(exit).toBe(2);
  });

  it("prints help and version on stdout", async () => {
    const help = await cli(["--help"], folder);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("reconstruct");
    expect(await cli([], folder)).toEqual(help);
    expect(await cli(["--version"], folder)).toMatchObject({ code: 0, stdout: "0.1.0\n" });
  });

  it("answers with exit code 3 where the device is absent", async () => {
    const { code, stderr } = await cli(["extract", image, ...small, "--device", "webgpu"], folder, { env: noGpu });
    expect([code, stderr]).toEqual([3, expect.stringContaining("device webgpu")]);
  });

  it("shows the stack on demand only", async () => {
    const plain = await cli(["nope"], folder);
    const debug = await cli(["nope"], folder, { env: { MASKFEAT_DEBUG: "1" } });
    expect(plain.stderr.split("\n")).toHaveLength(2);
    expect(debug.stderr).toContain("    at ");
  });
});

describe("a run that is cut short", () => {
  it("ends with 130 when interrupted, and leaves no file", async () => {
    const cwd = join(folder, "interrupted");
    const images = join(folder, "broken-first");
    mkdirSync(cwd);
    cpSync(samples, images, { recursive: true });
    writeFileSync(join(images, "a.jpg"), "no image");
    const large = ["--model", "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k", "--weights", "procedural"];
    const args = [program, "extract", images, ...large, "--batch-size", "1", "--out", "f.npy", "--json"];
    const child = spawn(process.execPath, args, { cwd });
    // the first file is skipped with a word on stderr: from then on, seconds of work lie ahead
    child.stderr.once("data", () => child.kill("SIGINT"));
    const [[code], stdout] = await Promise.all([once(child, "exit"), text(child.stdout)]);
    expect(code).toBe(130);
    expect(JSON.parse(stdout).error).toMatchObject({ name: "AbortError", code: "ABORTED" });
    expect(readdirSync(cwd).filter((name) => name !== "f.npy.partial")).toEqual([]);
  });

  it("is quiet where nobody reads on", async () => {
    const child = spawn(process.execPath, [program, "models"], { cwd: folder });
    child.stdout.destroy();
    const [[code], stderr] = await Promise.all([once(child, "exit"), text(child.stderr)]);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it.runIf(existsSync("/dev/full")).each([
    [["mask", "--seed", "0", "--json"], 1, /^maskfeat-wgpu: standard output cannot be written: no space left .*\n$/],
    [["--help"], 1, /^maskfeat-wgpu: standard output cannot be written: no space left .*\n$/],
    [["mask", "--seed", "x", "--json"], 2, /^maskfeat-wgpu: --seed must be .*\n$/],
  ])("%j says in a line that nothing can be written", async (args, expected, said) => {
    const runtime = ["/bin/sh", "-c", '"$0" "$@" > /dev/full', process.execPath];
    const { code, stderr } = await cli(args, folder, { runtime });
    expect(stderr).toMatch(said);
    expect(code).toBe(expected);
  });

  it.runIf(existsSync("/dev/full"))("keeps its exit code where even errors cannot be written", async () => {
    const runtime = ["/bin/sh", "-c", '"$0" "$@" 2> /dev/full', process.execPath];
    expect((await cli(["nope"], folder, { runtime })).code).toBe(2);
  });
});

describe("an error that nobody catches", () => {
  it("shows the caller's line and what is wrong, in a few lines", async () => {
    const script = `import { getModel } from ${JSON.stringify(resolve("dist/node.js"))};
await getModel({ kind: "backbone" }, { weights: "nope.pth" });`;
    writeFileSync(join(folder, "script.mjs"), script);
    const child = spawn(process.execPath, ["script.mjs"], { cwd: folder });
    const [[code], stderr] = await Promise.all([once(child, "exit"), text(child.stderr)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/script\.mjs:2\nawait getModel\(/);
    expect(stderr).toContain("FileError: nope.pth: no such file or folder (ENOENT)");
    expect(stderr.trim().split("\n").length).toBeLessThan(14);
    expect(stderr).not.toContain("dist/node.js");
  });
});

describe("mask", () => {
  it("gives numpy's mask of seed 0", async () => {
    const run = await json(["mask", "--seed", "0", "--out", "mask.npy"], folder);
    const empty = "0".repeat(14);
    expect(Object.keys(run)).toEqual(["command", "version", "shape", "ones", "sha256", "rows"]);
    expect(run).toMatchObject({ command: "mask", version: "0.1.0", shape: [1, 14, 14], ones: [78] });
    expect(run.rows).toEqual([
      empty,
      empty,
      ...Array(4).fill("00011111100000"),
      ...Array(2).fill("11111111100000"),
      "11111111000000",
      ...Array(2).fill("11111111110000"),
      "11111111000000",
      empty,
      empty,
    ]);
    expect(npy(join(folder, "mask.npy"))).toMatchObject({ dtype: "u8", shape: [1, 14, 14] });
  });

  it("continues the stream over the masks, and draws cubes", async () => {
    const [one, two, cube] = await Promise.all([
      json(["mask", "--seed", "7"], folder),
      json(["mask", "--seed", "7", "--count", "2"], folder),
      json(["mask", "--generator", "pyslowfast-cube", "--grid", "4x7x7"], folder),
    ]);
    expect(two.rows).toEqual(one.rows);
    expect(two.ones).toEqual([78, 78]);
    expect(cube.shape).toEqual([1, 4, 7, 7]);
    expect(cube.rows).toHaveLength(28);
  });
});

describe("preprocess and hog", () => {
  it("preprocess gives each stage", async () => {
    const [decoded, u8, f32] = await Promise.all([
      json(["preprocess", image, "--stage", "decoded"], folder),
      json(["preprocess", image, "--stage", "u8", "--out", "u8.npy"], folder),
      json(["preprocess", image, "--size", "56", "--interpolation", "bicubic"], folder),
    ]);
    expect([decoded.shape, u8.shape, f32.shape]).toEqual([
      [200, 280, 3],
      [224, 224, 3],
      [1, 3, 56, 56],
    ]);
    expect(Object.keys(f32)).toEqual(["command", "version", "shape", "sum", "sha256"]);
    expect(u8.sum).toBe([...npy(join(folder, "u8.npy")).data].reduce((a, b) => a + b, 0));
    expect(f32.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("hog of an image is hog of its preprocessed array", async () => {
    await json(["preprocess", image, "--out", "f32.npy"], folder);
    const [direct, array] = await Promise.all([
      json(["hog", image, "--out", "hog.npy", "--picture", "hog.png"], folder),
      json(["hog", "f32.npy"], folder),
    ]);
    expect(direct).toMatchObject({ shape: [1, 196, 108], first: array.first, mean: array.mean });
    expect(Object.keys(direct)).toEqual(["command", "version", "shape", "first", "mean"]);
    expect(npy(join(folder, "hog.npy")).shape).toEqual([1, 196, 108]);
    expect(decode(readFileSync(join(folder, "hog.png")))).toMatchObject({ width: 224, height: 224 });
  });
});

describe("reconstruct", () => {
  it("writes target, prediction, mask and picture", async () => {
    const run = await json(["reconstruct", image, ...small, "--seed", "0", "--out", "rec"], folder);
    expect(run).toMatchObject({ command: "reconstruct", trained: false, ones: 78, shape: [1, 196, 108] });
    expect(run.loss).toBeGreaterThan(0);
    const fields = ["command", "version", "model", "weights", "trained", "device", "loss", "ones", "shape"];
    expect(Object.keys(run)).toEqual(fields);
    expect(readdirSync(join(folder, "rec")).sort()).toEqual(["mask.npy", "picture.png", "pred.npy", "target.npy"]);
    expect(npy(join(folder, "rec/pred.npy")).shape).toEqual([1, 196, 108]);
    expect(decode(readFileSync(join(folder, "rec/picture.png")))).toMatchObject({ width: 4 * 56 + 3 * 8, height: 56 });
    const again = await json(["reconstruct", image, ...small, "--mask", "rec/mask.npy"], folder);
    expect(again.loss).toBe(run.loss);
  });
});

describe("models and info", () => {
  it("models lists what matches", async () => {
    const { models } = await json(["models"], folder);
    expect(models).toHaveLength(10);
    const [base] = (await json(["models", "maskfeat_vit-base"], folder)).models;
    expect(base).toMatchObject({ name: "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k", parameters: 85_882_476 });
    expect(Object.keys(base).sort()).toEqual([
      "config",
      "log",
      "macs",
      "metrics",
      "name",
      "parameters",
      "sha256",
      "task",
      "weights",
    ]);
  });

  it("info tells devices, optional packages and the embedded model", async () => {
    const { runtime, devices, packages, embedded } = await json(["info"], folder);
    expect(packages).toEqual([
      { name: "sharp", brings: "image files (JPEG, PNG, WebP)", usable: true, reason: "installed" },
      { name: "webgpu", brings: "the GPU (WebGPU)", usable: true, reason: "installed" },
    ]);
    expect(runtime).toMatch(/^node \d+/);
    expect(devices.map((d: { kind: string }) => d.kind)).toEqual(["webgpu", "wasm"]);
    expect(embedded).toEqual({ model: "maskfeat_vit-tiny-p16", weights: "procedural", trained: false });
  });
});

describe("demo", () => {
  it("writes into the current folder", async () => {
    const cwd = join(folder, "demo");
    mkdirSync(cwd);
    const { code, stdout } = await cli(["demo", ...small], cwd);
    expect(code).toBe(0);
    for (const text of ["untrained", "cosine similarity", "city-day.png", "280x200", "[1,48]"]) {
      expect(stdout).toContain(text);
    }
    const files = readdirSync(join(cwd, "maskfeat-demo")).sort();
    expect(files).toEqual(["embeddings.json", "embeddings.npy", "report.html"]);
    const { shape } = npy(join(cwd, "maskfeat-demo/embeddings.npy"));
    expect(shape).toEqual([readdirSync(samples).length, 48]);
  });

  it("gives JSON with --json", async () => {
    const run = await json(["demo", ...small, "--out", "other"], folder);
    expect(run.images).toHaveLength(run.features.length);
    expect(run.similarity[0][0]).toBeCloseTo(1, 6);
    expect(run.files.every((file: string) => existsSync(join(folder, file)))).toBe(true);
  });
});
