import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { readNpy, writeNpy } from "../sdk/checkpoint/npy.js";
import { bytesSource } from "../sdk/io/source.js";
import { cli, fixtures, json, samples, smallModel, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();
const small = smallModel(folder);
const two = [join(samples, "city-day.png"), join(samples, "sky-noon-p3.jpg")];
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, name)));

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
    expect(run.outputs[0]).toMatchObject({ input: two[0], stage: 1, shape: [1, 197, 48] });
    expect(Object.keys(run.outputs[0]).sort()).toEqual(["first", "input", "mean", "norm", "shape", "stage", "std"]);
    expect(run.outputs[0].first).toHaveLength(8);
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
    const batch = await json(["extract", "batch.npy", two[0], ...small, "--out", "b.npy"], folder);
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
