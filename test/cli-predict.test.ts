import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { unzipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { readNpy, writeNpy } from "../sdk/checkpoint/npy.js";
import { bytesSource } from "../sdk/io/source.js";
import { cli, fixtures, json, program, samples, temporaryFolder } from "./cli.js";
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
      /note {4}untrained: .*\n\n\S+city-day.png\nlabel +score +class\n( +\d +0\.\d{4} +\S.*\n){3}\n1 image in/,
    );
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
    const lines = linesOf("rows.jsonl");
    // cut between the rows of the array: they count as a whole
    writeFileSync(join(folder, "cut.jsonl.partial"), `${lines[0]}\n${lines[1]}\n`);
    const again = await json(["predict", "batch.npy", two[0], ...small, "--out", "cut.jsonl"], folder);
    expect(again.results).toEqual(run.results);
    expect(linesOf("cut.jsonl")).toEqual(lines);
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

describe("an interrupted .jsonl", () => {
  const many = join(folder, "many");
  mkdirSync(many);
  const originals = readdirSync(samples);
  for (let i = 0; i < 24; i++) {
    const name = originals[i % originals.length];
    copyFileSync(join(samples, name), join(many, `${String(i).padStart(2, "0")}-${name}`));
  }
  writeFileSync(join(many, "02-broken.jpg"), "no image");
  const args = (out: string) => ["predict", many, "--batch-size", "2", "--threads", "1", "--out", out];

  // biome-ignore lint/suspicious/noExplicitAny: its fields are what the tests look at
  let whole: any;
  beforeAll(async () => {
    whole = await json(args("g.jsonl"), folder);
  });

  it("is continued by the same command, to the same file", async () => {
    const child = spawn(process.execPath, [program, ...args("f.jsonl")], { cwd: folder });
    const said = text(child.stderr);
    const partial = join(folder, "f.jsonl.partial");
    while (!existsSync(partial) || linesOf("f.jsonl.partial").length < 4) await new Promise((r) => setTimeout(r, 5));
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(code).toBe(130);
    expect(await said).toMatch(/f.jsonl.partial keeps \d+ results; the same command goes on from there/);
    expect(existsSync(join(folder, "f.jsonl"))).toBe(false);
    const kept = linesOf("f.jsonl.partial");
    expect(kept.length).toBeLessThan(24);
    // as if the machine had stopped in the middle of a write
    appendFileSync(partial, kept[0].slice(0, 40));

    const rest = await json(args("f.jsonl"), folder);
    expect(rest.results).toHaveLength(24);
    expect(rest.skipped).toMatchObject([{ input: join(many, "02-broken.jpg") }]);
    expect(existsSync(partial)).toBe(false);
    expect(bytesOf("f.jsonl")).toEqual(bytesOf("g.jsonl"));
    expect(rest.results).toEqual(whole.results);
  });

  it("needs no more work where it is complete but for its name", async () => {
    copyFileSync(join(folder, "g.jsonl"), join(folder, "h.jsonl.partial"));
    const { code, stderr } = await cli(args("h.jsonl"), folder);
    expect([code, stderr]).toEqual([0, expect.stringContaining("h.jsonl.partial has 24 results: going on from there")]);
    expect(bytesOf("h.jsonl")).toEqual(bytesOf("g.jsonl"));
  });

  it.each([
    ["of other weights", ["--weights", "init:1"], /line 1 has weights "procedural", this command has "init:1"/],
    ["of another top-k", ["--topk", "2"], /line 1 does not list --topk 2/],
    ["with all scores", ["--scores"], /line 1 has no pred_scores/],
    ["of another filter", ["--interpolation", "bicubic"], /line 1 has interpolation "bilinear"/],
  ])("is not continued by a command %s", async (_, more, message) => {
    copyFileSync(join(folder, "g.jsonl"), join(folder, "i.jsonl.partial"));
    const { code, stdout } = await cli([...args("i.jsonl"), ...more, "--json"], folder);
    const { error } = JSON.parse(stdout);
    expect([code, error.code]).toEqual([1, "FILE_READ"]);
    expect(error.message).toMatch(message);
    expect(bytesOf("i.jsonl.partial")).toEqual(bytesOf("g.jsonl"));
  });

  it.each([
    ["text", "hello\n", /line 1 is no JSON object/],
    ["a number", "3\n", /line 1 is no JSON object/],
    ["another file's lines", `{"input":"x.jpg"}\n`, /line 1 has model undefined/],
  ])("is refused where it holds %s", async (_, content, message) => {
    writeFileSync(join(folder, "j.jsonl.partial"), content);
    const { code, stderr } = await cli(args("j.jsonl"), folder);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(readFileSync(join(folder, "j.jsonl.partial"), "utf8")).toBe(content);
  });

  it("is refused where its images are gone", async () => {
    copyFileSync(join(folder, "g.jsonl"), join(folder, "k.jsonl.partial"));
    const { code, stderr } = await cli(["predict", two[0], "--out", "k.jsonl"], folder);
    expect([code, stderr]).toEqual([1, expect.stringContaining("which is none of the inputs")]);
  });
});
