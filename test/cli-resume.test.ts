/** Runs that were interrupted, and go on from their partial file: `extract` and `predict`. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../sdk/checkpoint/npy.js";
import { PartialFile } from "../sdk/cli/partial.js";
import { completeConfig } from "../sdk/config/config.js";
import { traceAll } from "../sdk/config/traced.js";
import { writeSafetensors } from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { cli, json, program, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();
const model = { imageSize: 16, patchSize: 4, embedDims: 48, numLayers: 1, numHeads: 3, feedforwardChannels: 48 };
for (const kind of ["backbone", "classifier"]) {
  writeFileSync(join(folder, `${kind}.json`), JSON.stringify({ ...model, kind, numClasses: 7 }));
}
const bytesOf = (name: string) => readFileSync(join(folder, name));
const exists = (name: string) => existsSync(join(folder, name));

/** 300 images of 16 x 16 pixels, of which one cannot be read; and an array of two. */
const COUNT = 300;
mkdirSync(join(folder, "many"));
for (let i = 0; i < COUNT; i++) {
  const data = Uint8Array.from({ length: 3 * 16 * 16 }, (_, at) => at * (i + 1));
  const bytes = i === 2 ? "no array" : writeNpy({ data, shape: [16, 16, 3] });
  writeFileSync(join(folder, "many", `${String(i).padStart(3, "0")}.npy`), bytes);
}
const pair = writeNpy({ data: new Float32Array(2 * 3 * 16 * 16).map(Math.sin), shape: [2, 3, 16, 16] });
writeFileSync(join(folder, "many", "pair.npy"), pair);

const run = (command: "extract" | "predict", out: string, ...more: string[]) => {
  const config = command === "extract" ? "backbone.json" : "classifier.json";
  const common = ["--weights", "procedural", "--device", "wasm", "--threads", "1", "--out", out];
  return [command, "many", "--model", config, ...common, ...more];
};

/** Runs a command and stops it once its partial file has some of the results. */
async function stopped(args: readonly string[], out: string, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder });
  const said = text(child.stderr);
  const partial = join(folder, `${out}.partial`);
  while (!(statSync(partial, { throwIfNoEntry: false })?.size ?? 0)) await new Promise((r) => setTimeout(r, 2));
  child.kill(signal);
  const [code] = await once(child, "exit");
  return { code, stderr: await said };
}

describe("a run that was stopped", () => {
  it.each([
    ["extract", "e.npy", "SIGKILL", ["--out-type", "raw"]],
    ["predict", "p.jsonl", "SIGINT", []],
  ] as const)("%s to %s by %s goes on to the same file", async (command, out, signal, more) => {
    const ending = out.slice(1);
    const args = run(command, out, ...more);
    const { code, stderr } = await stopped(args, out, signal);
    expect([exists(out), exists(`${out}.partial`)]).toEqual([false, true]);
    if (signal === "SIGINT") {
      expect(code).toBe(130);
      expect(stderr).toMatch(/p.jsonl.partial keeps \d+ of 301 inputs; the same command goes on from there/);
    }
    const rest = await json(args, folder);
    expect(exists(`${out}.partial`)).toBe(false);
    const whole = await json(run(command, `whole${ending}`, ...more), folder);
    expect(bytesOf(out).equals(bytesOf(`whole${ending}`))).toBe(true);
    for (const key of ["outputs", "results", "skipped"]) expect(rest[key]).toEqual(whole[key]);
    expect(rest.skipped).toMatchObject([{ input: join("many", "002.npy"), code: "NPY_FORMAT" }]);
    expect(rest.outputs ?? rest.results).toHaveLength(command === "extract" ? COUNT : COUNT + 1);
  });
});

describe("a partial file", () => {
  let partial: Buffer;
  beforeAll(async () => {
    // all is computed, and meanwhile a folder has taken the file's name
    const running = cli(run("extract", "f.npz"), folder);
    while (!exists("f.npz.partial")) await new Promise((r) => setTimeout(r, 2));
    mkdirSync(join(folder, "f.npz"));
    expect((await running).code).toBe(1);
    rmSync(join(folder, "f.npz"), { recursive: true });
    partial = bytesOf("f.npz.partial");
  });

  it("is no input, nor is the file itself, where they lie in the folder of the images", async () => {
    const inside = join("inside", "f.npz");
    mkdirSync(join(folder, inside), { recursive: true });
    copyFileSync(join(folder, "many", "000.npy"), join(folder, "inside", "000.npy"));
    const args = run("extract", inside).map((word) => (word === "many" ? "inside" : word));
    expect((await cli(args, folder)).code).toBe(1);
    rmSync(join(folder, inside), { recursive: true });
    for (const _ of ["from the partial file", "over the file"]) {
      const { outputs, skipped } = await json(args, folder);
      expect([outputs.length, skipped]).toEqual([1, []]);
    }
  });

  it("needs no more work if it is complete", async () => {
    const { code, stderr } = await cli(run("extract", "f.npz"), folder);
    expect([code, stderr]).toEqual([0, expect.stringContaining("f.npz.partial has 301 of 301 inputs: going on")]);
    expect(stderr).toContain("skipped: many");
    expect(exists("f.npz.partial")).toBe(false);
  });

  it.each([
    ["in its first line", () => 40],
    ["in the floats of the last input", () => partial.length - 3],
    ["in the line of the last input", () => partial.lastIndexOf('"rows"')],
  ])("is cut %s, and goes on", async (_, at) => {
    writeFileSync(join(folder, "cut.npz.partial"), partial.subarray(0, at()));
    expect((await cli(run("extract", "cut.npz"), folder)).code).toBe(0);
    expect(bytesOf("cut.npz").equals(bytesOf("f.npz"))).toBe(true);
  });

  it.each([
    ["of other weights", ["--weights", "init:1"], /was begun with weights "procedural", this command has "init:1"/],
    ["of another type", ["--out-type", "raw"], /was begun with outType "embedding", this command has "raw"/],
    [
      "of another filter",
      ["--interpolation", "bicubic"],
      /was begun with interpolation "bilinear", this command has "bicubic"/,
    ],
    ["of other formats", ["--formats", "any"], /was begun with formats "exact", this command has "any"/],
    ["of other averages", ["--no-ema"], /was begun with ema undefined, this command has false/],
    ["of more inputs", [join("many", "003.npy")], /was begun with inputs "301, .*", this command has "302, /],
  ])("is refused by a command %s", async (_, more, message) => {
    copyPartial("g.npz", partial);
    const { code, stdout } = await cli([...run("extract", "g.npz"), ...more, "--json"], folder);
    const { error } = JSON.parse(stdout);
    expect([code, error.code]).toEqual([1, "FILE_READ"]);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/only the command that wrote it goes on from it; remove it to start over/);
    expect(bytesOf("g.npz.partial").equals(partial)).toBe(true);
  });

  it.each([
    ["text", "hello\n"],
    ["another file's line", `{"input":"x.jpg"}\n`],
    ["no line", "hello"],
  ])("is refused if it holds %s", async (_, content) => {
    copyPartial("h.npz", content);
    const { code, stderr } = await cli(run("extract", "h.npz"), folder);
    expect([code, stderr]).toEqual([1, expect.stringContaining("h.npz.partial: is not a partial file")]);
    expect(bytesOf("h.npz.partial").toString()).toBe(content);
  });
});

describe("a partial file", () => {
  const entry = (input: string) => ({ input, rows: 1, facts: {}, data: Float32Array.of(1, 2) });
  const at = (name: string) => join(folder, name);

  it("is not written by two at once", async () => {
    const open = () => PartialFile.open(at("two.npy"), { command: "test" }, ["a", "b", "c"]);
    const [first, second] = [await open(), await open()];
    await first.append([entry("a")]);
    const both = { code: "FILE_WRITE", message: expect.stringContaining("another process writes it") };
    await expect(second.append([entry("a")])).rejects.toMatchObject(both);
    const third = await open();
    expect(third.count).toBe(1);
    await third.append([entry("b")]);
    await expect(first.append([entry("b")])).rejects.toMatchObject(both);
    await expect(first.finish([])).rejects.toMatchObject(both);
    for (const file of [first, second, third]) await file.close();
  });

  it("holds the inputs in their order", async () => {
    const file = await PartialFile.open(at("order.npy"), { command: "test" }, ["a", "b"]);
    await file.append([entry("a"), entry("a")]);
    await file.close();
    const again = PartialFile.open(at("order.npy"), { command: "test" }, ["a", "b"]);
    await expect(again).rejects.toMatchObject({ code: "FILE_READ", message: expect.stringContaining("entry 2") });
  });

  it("is cut where an entry is not what was written", async () => {
    const file = await PartialFile.open(at("bit.npy"), { command: "test" }, ["a", "b"]);
    await file.append([{ ...entry("a"), facts: { label: 0 } }]);
    await file.close();
    const bytes = readFileSync(at("bit.npy.partial"), "latin1");
    writeFileSync(at("bit.npy.partial"), bytes.replace('"label":0', '"label":7'), "latin1");
    expect((await PartialFile.open(at("bit.npy"), { command: "test" }, ["a", "b"])).count).toBe(0);
  });

  it.each(["changing.safetensors", "changing.safetensors.index.json"])(
    "is not of weights (%s) that changed meanwhile",
    async (given) => {
      const weights = join(folder, "changing.safetensors");
      const config = { ...model, kind: "backbone" } as const;
      const parameters = [...traceAll(completeConfig(config)).params.values()].map(({ name, shape }) => {
        return [name, { shape, data: proceduralFill(name, shape)! }] as const;
      });
      writeFileSync(weights, writeSafetensors(parameters));
      const weight_map = Object.fromEntries(parameters.map(([name]) => [name, "changing.safetensors"]));
      writeFileSync(`${weights}.index.json`, JSON.stringify({ weight_map }));
      const args = [...run("extract", "w.npy"), "--weights", given, "--preset", "mmpretrain"];
      rmSync(join(folder, "w.npy.partial"), { force: true });
      await stopped(args, "w.npy", "SIGKILL");
      utimesSync(weights, 1, 1);
      const { code, stderr } = await cli(args, folder);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/was begun with weightsFile .*, this command has .*1970/),
      ]);
    },
  );
});

it("an input is not overwritten by the results", async () => {
  copyFileSync(join(folder, "many", "003.npy"), join(folder, "in.npy"));
  linkSync(join(folder, "in.npy"), join(folder, "link.npy"));
  for (const args of [
    ["extract", "in.npy", "--out", "./in.npy"],
    ["extract", "in.npy", "--out", "link.npy"],
    ["hog", "in.npy", "--out", "in.npy"],
    ["preprocess", "in.npy", "--out", "in.npy"],
  ]) {
    const { code, stderr } = await cli(args, folder);
    expect([code, stderr]).toEqual([2, expect.stringContaining("is an input; give the results another name")]);
  }
  expect(bytesOf("in.npy").equals(bytesOf("many/003.npy"))).toBe(true);
});

function copyPartial(out: string, content: string | Buffer): void {
  writeFileSync(join(folder, `${out}.partial`), content);
}
