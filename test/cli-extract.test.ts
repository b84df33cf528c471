import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { readNpy, writeNpy, writeNpyStrings, writeNpz } from "../sdk/checkpoint/npy.js";
import { writeSafetensors } from "../sdk/checkpoint/safetensors-write.js";
import { embed, extractFeat } from "../sdk/entries/node.js";
import { bytesSource } from "../sdk/io/source.js";
import { cli, fixtures, json, program, samples, smallModel, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();
const small = smallModel(folder);
const two = [join(samples, "city-day.png"), join(samples, "sky-noon-p3.jpg")];
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, name)));

/** Stdout of a run as bytes. */
async function cliBytes(args: readonly string[], cwd: string): Promise<Buffer> {
  const options = { cwd, encoding: "buffer", maxBuffer: 2 ** 26 } as const;
  return (await promisify(execFile)(process.execPath, [program, ...args], options)).stdout;
}

describe("extract", () => {
  it("gives exactly the promised fields", async () => {
    const run = await json(["extract", ...two, ...small], folder);
    expect(Object.keys(run).sort()).toEqual([
      "command",
      "device",
      "model",
      "ms",
      "out",
      "outputs",
      "skipped",
      "trained",
      "version",
      "weights",
    ]);
    expect(run).toMatchObject({ model: "custom", weights: "procedural", trained: false, skipped: [], out: null });
    expect(run.outputs[0]).toMatchObject({ input: two[0], stage: 1, shape: [1, 48] });
    expect(Object.keys(run.outputs[0]).sort()).toEqual(["first", "input", "mean", "norm", "shape", "stage", "std"]);
    expect(run.outputs[0].first).toHaveLength(8);
  });

  it("gives by default what embed and extractFeat give", async () => {
    const run = await json(["extract", ...two, "--out", "default.npy"], folder);
    const { data, shape } = readNpy(bytesOf("default.npy"), "default.npy");
    expect([run.outputs[0].stage, shape]).toEqual([11, [2, 192]]);
    expect(await embed(two)).toEqual({ data, shape });
    expect(await extractFeat(two)).toEqual({ data, shape });
  });

  it.each([
    [["--out-indices", "0"], /--out-indices 0: an embedding is of the last block; for others give --out-type avg_/],
    [["--out-indices", "0,-1"], /--out-indices 0,-1: an embedding is of the last block/],
    [["--out", "-", "--json"], /--out - and --json exclude each other/],
    [["--format", "npy"], /--format goes with --out -/],
    [["--out", "-", "--format", "npy", "--out-type", "raw", "--out-indices", "0,1"], /holds one stage/],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await cli(["extract", two[0], ...small, "--quiet", ...args], folder);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it("sums up many inputs, and has a row for each of a few", async () => {
    const few = await cli(["extract", ...two, ...small], folder);
    expect(few.stdout).toMatch(
      /^model .*, untrained\n\ninput +stage .*\n(\S+ +1 +\[1,48\] .*\n){2}\n2 inputs in \d+ ms/,
    );
    expect(few.stderr).toMatch(/^maskfeat-wgpu: device wasm, 1 thread .*\nmaskfeat-wgpu: untrained: .*\n$/);
    const many = await cli(["extract", samples, ...small, "--out", "many.npy", "--quiet"], folder);
    expect(many.stdout).toMatch(
      /^model .*\n\d+ inputs in \d+ ms \(\d+\.\d ms each\), \[1,48\] each\nwrote {3}many.npy\n$/,
    );
    expect(many.stderr).toBe("");
  });

  it("writes to a pipe: lines, or arrays one after another", async () => {
    const data = new Float32Array(2 * 3 * 56 * 56);
    writeFileSync(join(folder, "pair.npy"), writeNpy({ data, shape: [2, 3, 56, 56] }));
    const args = ["extract", ...two, "pair.npy", ...small, "--out", "-"];
    const [lines, arrays, stages] = await Promise.all([
      cli(args, folder),
      cliBytes([...args, "--format", "npy"], folder),
      cli(["extract", two[0], ...small, "--out-type", "cls_token", "--out-indices", "0,1", "--out", "-"], folder),
    ]);
    const found = lines.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(found.map((line) => Object.keys(line).join())).toEqual(["input,data", "input,data", "input,shape,data"]);
    expect(lines.stderr).toContain("3 inputs in ");
    const files = found.map(({ data, shape = [1, 48] }) => writeNpy({ data: Float32Array.from(data), shape }));
    expect(arrays.equals(Buffer.concat(files))).toBe(true);
    const both = stages.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(both.map(({ input, stage }) => [input, stage])).toEqual([
      [two[0], 0],
      [two[0], 1],
    ]);
  });

  it("ends quietly where the reader of a pipe has seen enough", async () => {
    const args = [program, "extract", samples, samples, ...small, "--out-type", "raw", "--out", "-", "--quiet"];
    const child = spawn(process.execPath, args, { cwd: folder });
    child.stdout.once("data", () => child.stdout.destroy());
    const [[code], stderr] = await Promise.all([once(child, "exit"), text(child.stderr)]);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("profiles on demand", async () => {
    const { profile } = await json(["extract", two[0], ...small, "--profile"], folder);
    expect(profile.map((row: { op: string }) => row.op)).toContain("attention");
    for (const row of profile) {
      expect(Object.keys(row)).toEqual(["op", "calls", "dispatches", "ms", "flops", "bytes"]);
    }
  });

  it("is the same whatever the batch and the threads", async () => {
    const runs = await Promise.all([
      json(["extract", samples, ...small, "--batch-size", "1"], folder),
      json(["extract", samples, ...small, "--batch-size", "4"], folder),
      json(["extract", samples, ...small, "--threads", "2"], folder),
    ]);
    expect(runs[1].outputs).toEqual(runs[0].outputs);
    expect(runs[2].outputs).toEqual(runs[0].outputs);
  });

  it("scales to length 1 on demand", async () => {
    const run = await json(["extract", two[0], ...small, "--out-type", "cls_token", "--normalize"], folder);
    expect(run.outputs[0].shape).toEqual([1, 48]);
    expect(run.outputs[0].norm).toBeCloseTo(1, 6);
  });

  it("writes .npy, .npz and .safetensors that agree", async () => {
    const pooled = ["extract", ...two, ...small, "--out-type", "avg_featmap"];
    await Promise.all([
      json([...pooled, "--out", "f.npy"], folder),
      json([...pooled, "--out-indices", "0,-1", "--out", "f.npz"], folder),
      json([...pooled, "--out-indices", "0,-1", "--out", "f.safetensors"], folder),
    ]);
    const last = readNpy(bytesOf("f.npy"), "f.npy");
    expect(last.shape).toEqual([2, 48]);
    const npz = unzipSync(bytesOf("f.npz"));
    expect(Object.keys(npz).sort()).toEqual(["inputs.npy", "stage0.npy", "stage1.npy"]);
    expect(readNpy(npz["stage1.npy"], "stage1")).toEqual(last);
    const tensors = await openCheckpoint(bytesSource(bytesOf("f.safetensors")));
    expect(tensors.names).toEqual(["stage0", "stage1"]);
    expect((await tensors.get("stage1")).data).toEqual(last.data);
    expect(JSON.parse(tensors.metadata.get("inputs") ?? "")).toEqual(two);
    expect(tensors.metadata.get("trained")).toBe("false");
    const both = await Promise.all(["stage0", "stage1"].map(async (name) => [name, await tensors.get(name)] as const));
    const facts = ["model", "trained", "weights", "inputs"].map((key) => [key, tensors.metadata.get(key)!] as const);
    expect(bytesOf("f.safetensors")).toEqual(writeSafetensors(both, facts));
    const inputs = ["inputs", writeNpyStrings(two)] as const;
    const members = both.map(([name, array]) => [name, writeNpy(array)] as const);
    expect(bytesOf("f.npz")).toEqual(writeNpz([...members, inputs]));
  });

  it("writes .json and .jsonl that say what they are", async () => {
    const pooled = ["extract", ...two, ...small, "--out-type", "avg_featmap"];
    await Promise.all([json([...pooled, "--out", "f.json"], folder), json([...pooled, "--out", "f.jsonl"], folder)]);
    const whole = JSON.parse(readFileSync(join(folder, "f.json"), "utf8"));
    expect(whole).toMatchObject({ trained: false, model: "custom" });
    const lines = readFileSync(join(folder, "f.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.data)).toEqual(whole.outputs.map((output: { data: number[] }) => output.data));
    expect(lines[0]).toMatchObject({ input: two[0], stage: 1, shape: [1, 48], trained: false });
  });

  it("takes arrays: pixels like an image, f32 as it is", async () => {
    await json(["preprocess", two[0], "--stage", "decoded", "--out", "pixels.npy"], folder);
    await json(["preprocess", two[0], "--size", "56", "--out", "normal.npy"], folder);
    const run = await json(["extract", two[0], "pixels.npy", "normal.npy", ...small], folder);
    const [image, pixels, normal] = run.outputs;
    expect(pixels.first).toEqual(image.first);
    expect(normal.first).toEqual(image.first);
    writeFileSync(
      join(folder, "batch.npy"),
      writeNpy({ data: new Float32Array(2 * 3 * 56 * 56), shape: [2, 3, 56, 56] }),
    );
    const raw = ["--out-type", "raw", "--out", "b.npy"];
    const batch = await json(["extract", "batch.npy", two[0], ...small, ...raw], folder);
    expect(batch.outputs[0].shape).toEqual([2, 197, 48]);
    expect(readNpy(bytesOf("b.npy"), "b").shape).toEqual([3, 197, 48]);
  });

  it("reads a list from stdin, skips what cannot be read, and goes on", async () => {
    const input = `${two[0]}\r\nmissing.jpg\n${join(fixtures, "../pipeline.json")}\n\n${two[1]}`;
    const run = await json(["extract", "-", ...small], folder, { input });
    expect(run.outputs.map((output: { input: string }) => output.input)).toEqual(two);
    expect(run.skipped.map((s: { code: string }) => s.code)).toEqual(["FILE_NOT_FOUND", "IMG_FORMAT"]);
    const alone = await json(["extract", ...two, ...small], folder);
    expect(run.outputs).toEqual(alone.outputs);
    const strict = await cli(["extract", "-", ...small, "--strict"], folder, { input });
    expect(strict.code).toBe(1);
    expect(strict.stdout).toContain("2 inputs, 2 skipped");
    expect(strict.stderr).toContain("skipped: missing.jpg: no such file");
  });
});
