import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { readNpy, writeNpy } from "../sdk/checkpoint/npy.js";
import { bytesSource } from "../sdk/io/source.js";
import { cli, fixtures, json, samples, temporaryFolder } from "./cli.js";
import { tiny } from "./tiny.js";

const folder = temporaryFolder();
writeFileSync(join(folder, "small.json"), JSON.stringify({ ...tiny, kind: "classifier", numClasses: 7 }));
const small = ["--model", "small.json", "--weights", "procedural", "--threads", "1"];
const two = [join(samples, "city-day.png"), join(samples, "sky-noon-p3.jpg")];
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const linesOf = (name: string) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n");
const names = ["a", "b, bee", "c", "d", "e", "f", "g"];
writeFileSync(join(folder, "names.txt"), `${names.join("\r\n")}\r\n`);
writeFileSync(join(folder, "names.json"), `\uFEFF${JSON.stringify(names)}`);

describe("predict", () => {
  it("runs the tiny classifier, and says that it is untrained", async () => {
    const run = await json(["predict", two[0]], folder);
    const fields = ["command", "version", "model", "weights", "trained", "device", "results", "skipped", "ms", "out"];
    expect(Object.keys(run)).toEqual(fields);
    expect(run).toMatchObject({ model: "vit-tiny-p16_maskfeat-pre", weights: "procedural", trained: false });
    const [result] = run.results;
    expect(Object.keys(result)).toEqual(["input", "pred_label", "pred_score", "score_function", "pred_class", "topk"]);
    expect(result).toMatchObject({ input: two[0], pred_class: `class ${result.pred_label}` });
    expect(result.topk).toHaveLength(5);
    expect(result.topk[0]).toEqual({ label: result.pred_label, score: result.pred_score, class: result.pred_class });
    const other = await json(["predict", two[0], "--weights", "init:1"], folder);
    expect(other).toMatchObject({ model: "vit-tiny-p16_maskfeat-pre", weights: "init:1" });
  });

  it("prints the best classes of an image, and the best class of each of several", async () => {
    const one = await cli(["predict", two[0], ...small, "--topk", "3", "--classes", "names.txt"], folder);
    expect(one.code).toBe(0);
    expect(one.stdout).toMatch(
      /^model .*, untrained\n\n\S+city-day.png\nlabel +score +class\n( +\d +0\.\d{4} +\S.*\n){3}\n1 image in/,
    );
    expect(one.stderr).toContain("untrained: the weights follow from a formula");
    const several = await cli(["predict", ...two, ...small], folder);
    expect(several.stdout).toMatch(/\ninput +label +score +class\n(\S+ +\d +0\.\d{4}\n){2}\n2 images in/);
  });

  it("gives all scores on demand, and the same whatever the batch", async () => {
    const runs = await Promise.all(
      ["1", "4"].map((size) => json(["predict", samples, ...small, "--scores", "--batch-size", size], folder)),
    );
    expect(runs[1].results).toEqual(runs[0].results);
    for (const { pred_scores, pred_label, pred_score, topk } of runs[0].results) {
      expect(pred_scores).toHaveLength(7);
      expect(pred_scores[pred_label]).toBe(pred_score);
      expect(topk).toHaveLength(5);
    }
  });

  it("names classes from a file: lines or JSON", async () => {
    const runs = await Promise.all(
      ["names.txt", "names.json"].map((file) => json(["predict", two[0], ...small, "--classes", file], folder)),
    );
    expect(runs[0].results[0].pred_class).toBe(names[runs[0].results[0].pred_label]);
    expect(runs[1].results).toEqual(runs[0].results);
  });

  it("keeps what a class is called from commanding the terminal", async () => {
    writeFileSync(join(folder, "evil.json"), JSON.stringify(names.map((name) => `\x1b[2J${name}`)));
    const { stdout } = await cli(["predict", two[0], ...small, "--classes", "evil.json"], folder);
    expect(stdout).toContain("\\x1b[2J");
    expect(stdout).not.toContain("\x1b");
  });

  it("resizes as it is told", async () => {
    const [shipped, bilinear, bicubic] = await Promise.all(
      [[], ["--interpolation", "bilinear"], ["--interpolation", "bicubic"]].map((options) =>
        json(["predict", two[0], ...small, ...options], folder),
      ),
    );
    expect(shipped.results).toEqual(bilinear.results);
    expect(shipped.results).not.toEqual(bicubic.results);
  });

  it("writes .npz, .safetensors, .json and .jsonl that agree", async () => {
    const outs = ["p.npz", "p.safetensors", "p.json", "p.jsonl"];
    const runs = await Promise.all(
      outs.map((out) => json(["predict", ...two, ...small, "--scores", "--out", out], folder)),
    );
    const { results } = runs[0];
    const npz = unzipSync(bytesOf("p.npz"));
    expect(Object.keys(npz).sort()).toEqual(["inputs.npy", "pred_label.npy", "pred_scores.npy"]);
    const scores = readNpy(npz["pred_scores.npy"], "scores");
    expect(scores.shape).toEqual([2, 7]);
    expect([...scores.data]).toEqual(results.flatMap((r: { pred_scores: number[] }) => r.pred_scores));
    const labels = new Int32Array(npz["pred_label.npy"].slice(-8).buffer);
    expect([...labels]).toEqual(results.map((r: { pred_label: number }) => r.pred_label));
    const tensors = await openCheckpoint(bytesSource(bytesOf("p.safetensors")));
    expect((await tensors.get("pred_scores")).data).toEqual(scores.data);
    expect([...(await tensors.get("pred_label")).data]).toEqual([...labels]);
    expect(JSON.parse(tensors.metadata.get("inputs") ?? "")).toEqual(two);
    expect(JSON.parse(readFileSync(join(folder, "p.json"), "utf8"))).toMatchObject({ trained: false, results });
    const lines = linesOf("p.jsonl").map((line) => JSON.parse(line));
    expect(lines).toMatchObject(results);
    expect(lines[0]).toMatchObject({ model: "custom", weights: "procedural", trained: false });
    expect(runs.map((run) => run.results)).toEqual(outs.map(() => results));
  });

  it("numbers the images of an array", async () => {
    const data = Float32Array.from({ length: 3 * 3 * 56 * 56 }, (_, i) => Math.sin(i * i));
    writeFileSync(join(folder, "batch.npy"), writeNpy({ data, shape: [3, 3, 56, 56] }));
    const run = await json(["predict", "batch.npy", two[0], ...small, "--out", "rows.jsonl"], folder);
    expect(run.results.map((r: { row?: number }) => r.row)).toEqual([0, 1, 2, undefined]);
    expect(linesOf("rows.jsonl")).toHaveLength(4);
  });

  it("skips what cannot be read, and fails on it with --strict", async () => {
    const input = `${two[0]}\nmissing.jpg\n${join(fixtures, "../pipeline.json")}\n${two[1]}\n`;
    const run = await json(["predict", "-", ...small], folder, { input });
    expect(run.results.map((r: { input: string }) => r.input)).toEqual(two);
    expect(run.skipped.map((s: { code: string }) => s.code)).toEqual(["FILE_NOT_FOUND", "IMG_FORMAT"]);
    const strict = await cli(["predict", "-", ...small, "--strict"], folder, { input });
    expect([strict.code, strict.stdout]).toEqual([1, expect.stringContaining("2 images, 2 skipped")]);
    const nothing = await cli(["predict", "-", ...small, "--out", "none.jsonl"], folder, { input: "missing.jpg" });
    expect(nothing.code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith("none"))).toEqual([]);
  });

  it.each([
    [["predict"], /missing required argument.*usage: predict/],
    [["predict", two[0], ...small, "--topk", "0"], /--topk must be a whole number from 1/],
    [["predict", two[0], ...small, "--topk", "8"], /--topk must be from 1 to 7, the classes of custom, got 8/],
    [["predict", two[0], "--classes", "names.txt"], /7 names were given, the model has 10 classes/],
    [["predict", two[0], ...small, "--out", "p.npy"], /--out must end in .npz, .safetensors, .json, .jsonl/],
    [
      ["predict", two[0], "--model", "maskfeat_vit-tiny-p16", "--weights", "procedural"],
      /is no classifier; the classifiers are vit-base/,
    ],
    [["predict", two[0], "--model", "vit-tiny-p16_maskfeat-pre"], /--model needs --weights/],
    [
      ["predict", two[0], ...small, "--classes", "broken.json"],
      /--classes broken.json: expected one name on each line/,
    ],
  ])("%j is wrong usage", async (args, message) => {
    writeFileSync(join(folder, "broken.json"), "[1, 2]");
    const { code, stdout, stderr } = await cli([...args, "--json"], folder);
    const { error } = JSON.parse(stdout);
    expect(error.message).toMatch(message);
    expect(stderr).toBe(`maskfeat-wgpu: ${error.message}\n`);
    expect(code).toBe(2);
  });
});
