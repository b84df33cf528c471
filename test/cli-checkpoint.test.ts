/** `inspect` and `convert` on checkpoints as torch writes them. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckpoint, writeTorch } from "../sdk/entries/node.js";
import { cli, json, temporaryFolder } from "./cli.js";
import { serverPerTest } from "./file-server.js";

const folder = temporaryFolder();
const start = serverPerTest();
const checkpoints = resolve("conformance/golden/full/checkpoints");
const classifier = join(checkpoints, "classifier.pth");
const sha256 = (...paths: string[]) => {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(readFileSync(resolve(folder, path)));
  return hash.digest("hex");
};

/** Bits of every tensor, by name. */
async function bitsOf(path: string): Promise<Record<string, string>> {
  const checkpoint = await openCheckpoint(resolve(folder, path));
  const bits: Record<string, string> = {};
  for (const name of [...checkpoint.names].sort()) {
    const { data, shape } = await checkpoint.get(name);
    bits[name] = `[${shape}] ${createHash("sha256").update(new Uint8Array(data.slice().buffer)).digest("hex")}`;
  }
  await checkpoint.close();
  return bits;
}

describe("inspect", () => {
  it("lists tensors, meta and markers", async () => {
    const found = await json(["inspect", classifier], folder);
    expect(found).toMatchObject({ command: "inspect", format: "torch", sha256: sha256(classifier) });
    expect(found.tensors.length).toBe(32);
    expect(found.tensors).toContainEqual({ name: "head.fc.weight", shape: [10, 48], dtype: "F32" });
    expect(found.meta.meta.dataset_meta.classes[3]).toBe("class 3");
    expect(found.meta.optimizer.state["0"].exp_avg.dtype).toBe("F32");
    expect(found.opaque).toContainEqual({
      path: expect.stringMatching(/^message_hub\.log_scalars/),
      global: "mmengine.logging.history_buffer.HistoryBuffer",
    });
  });

  it("reads as text", async () => {
    const { code, stdout } = await cli(["inspect", join(checkpoints, "numbers-legacy.pth")], folder);
    expect(code).toBe(0);
    expect(stdout).toContain("torch-legacy, 11 tensors");
    expect(stdout).toMatch(/num_batches_tracked +\[\] +I64/);
  });

  it("names what is no checkpoint", async () => {
    writeFileSync(join(folder, "page.pth"), "<!DOCTYPE html><html></html>");
    const { code, stdout } = await cli(["inspect", "page.pth", "--json"], folder);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: "CKPT_FORMAT",
      message: expect.stringContaining("an HTML page"),
    });
  });

  it("reads of a URL what it shows, and no more", async () => {
    const server = await start();
    server.bytes = writeTorch([["w", { data: new Float32Array(1e6), shape: [1000, 1000] }]]);
    const found = await json(["inspect", server.url("w.pth")], folder);
    expect(found).toMatchObject({ format: "torch", sha256: null, tensors: [{ name: "w", shape: [1000, 1000] }] });
    expect(server.sent).toBeLessThan(300_000);
  });
});

describe("convert", () => {
  it("keeps every bit, there and back, and the meta", async () => {
    const to = await json(["convert", classifier, "a.safetensors"], folder);
    expect(to).toMatchObject({ files: ["a.safetensors"], tensors: 32, sha256: sha256("a.safetensors") });
    expect(to.bytes).toBe(readFileSync(join(folder, "a.safetensors")).length);
    const back = await json(["convert", "a.safetensors", "a.pth"], folder);
    expect(back).toMatchObject({ files: ["a.pth"], tensors: 32, sha256: sha256("a.pth") });
    const origin = await bitsOf(classifier);
    expect(await bitsOf("a.safetensors")).toEqual(origin);
    expect(await bitsOf("a.pth")).toEqual(origin);
    const { meta } = (await json(["inspect", "a.pth"], folder)).meta;
    expect(meta).toEqual((await json(["inspect", classifier], folder)).meta.meta);
  });

  it("writes the same bytes for the same weights", async () => {
    await json(["convert", classifier, "b.safetensors"], folder);
    await json(["convert", "b.safetensors", "c.safetensors"], folder);
    expect(sha256("b.safetensors")).toBe(sha256("c.safetensors"));
  });

  it.each(["f16", "bf16"])("rounds to %s as torch does", async (dtype) => {
    await json(["convert", classifier, `${dtype}.pth`, "--dtype", dtype], folder);
    expect(await bitsOf(`${dtype}.pth`)).toEqual(await bitsOf(join(checkpoints, `classifier-${dtype}.pth`)));
    const { tensors } = await json(["inspect", `${dtype}.pth`], folder);
    expect(new Set(tensors.map((t: { dtype: string }) => t.dtype))).toEqual(new Set([dtype.toUpperCase()]));
  });

  it("makes shards with an index", async () => {
    const {
      files,
      bytes,
      sha256: hash,
    } = await json(["convert", classifier, "s.safetensors", "--shard", "100KB"], folder);
    expect(files).toEqual([
      "s-00001-of-00003.safetensors",
      "s-00002-of-00003.safetensors",
      "s-00003-of-00003.safetensors",
      "s.safetensors.index.json",
    ]);
    expect(hash).toBe(sha256(...files));
    const index = JSON.parse(readFileSync(join(folder, "s.safetensors.index.json"), "utf8"));
    const origin = await bitsOf(classifier);
    expect(Object.keys(index.weight_map).sort()).toEqual(Object.keys(origin));
    const parts = await Promise.all(files.slice(0, 3).map(bitsOf));
    expect(Object.assign({}, ...parts)).toEqual(origin);
    expect(index.metadata.total_size).toBeLessThan(bytes);
  });

  it("says what it has to round", async () => {
    const { stderr } = await cli(["convert", join(checkpoints, "numbers.pth"), "n.safetensors"], folder);
    expect(stderr).toContain("8 tensors of other types become f32");
  });

  it.each([
    [["convert", classifier, "x.npz"], 2, "OPT_VALUE"],
    [["convert", classifier, "x.pth", "--shard", "1MB"], 2, "OPT_VALUE"],
    [["convert", classifier, "x.safetensors", "--shard", "much"], 2, "OPT_VALUE"],
    [["convert", classifier, "x.safetensors", "--dtype", "f64"], 2, "OPT_VALUE"],
    [["convert", classifier], 2, "OPT_MISSING"],
    [["convert", "no-such.pth", "x.safetensors"], 1, "FILE_NOT_FOUND"],
    [["convert", "page.pth", "x.safetensors"], 1, "CKPT_FORMAT"],
    [["convert", classifier, "no-such-folder/x.pth"], 1, "FILE_WRITE"],
  ])("%j: exit %i, %s, and no file", async (args, code, error) => {
    const ran = await cli([...args, "--json"], folder);
    expect([ran.code, JSON.parse(ran.stdout).error.code]).toEqual([code, error]);
    expect(readdirSync(folder).filter((name) => /^x|\.tmp$/.test(name))).toEqual([]);
  });
});
