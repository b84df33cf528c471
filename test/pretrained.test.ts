/** Models whose weights are downloaded: options, mirrors, hashes, and the command `download`. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { completeConfig } from "../sdk/config/config.js";
import { ownParams } from "../sdk/config/traced.js";
import { download, getModel, modelInfo, writeSafetensors } from "../sdk/entries/node.js";
import { openWeights } from "../sdk/model/files.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { cli, json, smallConfig } from "./cli.js";
import { content, FileServer, hashedName, sha256, sri } from "./file-server.js";
import { tiny } from "./tiny.js";

const BASE = "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k";
const params = ownParams(completeConfig(tiny));
const file = writeSafetensors(params.map((p) => [p.name, { data: proceduralFill(p.name, p.shape)!, shape: p.shape }]));

const server = new FileServer();
let home: string;
beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "maskfeat-home-"));
  vi.stubEnv("MASKFEAT_HOME", home);
  server.bytes = file;
  server.seen.length = 0;
  return () => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true, force: true });
  };
});

describe("getModel", () => {
  it("takes weights from a URL once, then from the cache, also offline", async () => {
    const weights = server.url("tiny.safetensors");
    const options = { threads: 1, integrity: sri(file) };
    for (const offline of [false, true]) {
      using model = await getModel(tiny, { ...options, weights: new URL(weights), offline });
      expect([model.weights, model.trained]).toEqual([weights, true]);
    }
    expect(server.seen).toHaveLength(1);
    await expect(getModel(tiny, { weights: `${weights}?v=2`, offline: true })).rejects.toMatchObject({
      code: "NET_OFFLINE",
    });
  });

  it("checks integrity of files and bytes, too", async () => {
    const path = join(home, "w.safetensors");
    writeFileSync(path, file);
    for (const weights of [path, file, new Blob([file as Uint8Array<ArrayBuffer>])]) {
      (await getModel(tiny, { weights, threads: 1, integrity: sri(file) })).dispose();
      const wrong = getModel(tiny, { weights, threads: 1, integrity: sri(content(1)) });
      await expect(wrong).rejects.toMatchObject({ code: "HASH_MISMATCH" });
    }
  });

  it.each([
    [BASE, { pretrained: true, weights: "procedural" }, "exclude each other"],
    ["maskfeat_vit-tiny-p16", { pretrained: true }, "maskfeat_vit-tiny-p16 has no published checkpoint"],
    [undefined, { weights: "pretrained" }, "has no published checkpoint"],
    [tiny, { pretrained: true }, "this model has no published checkpoint"],
    [BASE, { pretrained: true, urlMapping: "mirror" as never }, "urlMapping: expected"],
    [BASE, { pretrained: true, urlMapping: ["(", ""] as const }, "urlMapping: Invalid regular expression"],
    [BASE, { pretrained: true, integrity: "md5" }, "integrity: expected sha256-"],
  ])("%j with %j is wrong usage", async (model, options, what) => {
    await expect(getModel(model, { threads: 1, ...options })).rejects.toMatchObject({
      name: "OptionError",
      code: "OPT_VALUE",
      message: expect.stringContaining(what),
    });
    expect(server.seen).toEqual([]);
  });

  it("asks the mirror for what is pretrained, and checks the published hash", async () => {
    const urlMapping = [/https:\/\/([^/]+)\/.*\//, server.url("$1/")] as const;
    const work = getModel(BASE, { pretrained: true, urlMapping, threads: 1 });
    await expect(work).rejects.toMatchObject({ code: "HASH_MISMATCH", message: expect.stringContaining("6dfc8bf3") });
    expect(server.seen.map(({ path }) => path)).toEqual([
      `/download.openmmlab.com/${modelInfo(BASE).weights?.split("/").pop()}`,
    ]);
  });
});

describe("urlMapping", () => {
  const published = `https://host/a/${hashedName(file)}`;

  it.each([
    ["^https://host/(.*)/", () => server.url("\\1/")],
    ["^https://host/(.*)/", () => server.url("$1/")],
    ["https://.*/a/", () => server.url("a/")],
  ])("%s leads to a mirror; the file is kept as that of the URL", async (pattern, replacement) => {
    const source = await openWeights(nodePlatform, published, { urlMapping: [pattern, replacement()] });
    expect([source.name, sha256(await source.read(0, source.size))]).toEqual([published, sha256(file)]);
    expect(server.seen.map(({ path }) => path)).toEqual([`/a/${hashedName(file)}`]);
    await source.close();
    await (await openWeights(nodePlatform, published, { offline: true })).close();
  });

  it("leads to a folder, where the hash in the name is checked", async () => {
    const urlMapping = ["https://.*/", `${home}/`] as const;
    writeFileSync(join(home, hashedName(file)), file);
    await (await openWeights(nodePlatform, published, { urlMapping })).close();
    writeFileSync(join(home, hashedName(file)), content(10));
    const work = openWeights(nodePlatform, published, { urlMapping });
    await expect(work).rejects.toMatchObject({ code: "HASH_MISMATCH" });
  });
});

describe("download", () => {
  it("gives URL, path, bytes and hash", async () => {
    const url = server.url("w.safetensors");
    const got = await download(`${url}?token=1`);
    expect(got).toEqual({ url, path: expect.stringContaining(home), bytes: file.length, sha256: sha256(file) });
    expect(sha256(readFileSync(got.path!))).toBe(got.sha256);
    await expect(download("nope")).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
    await expect(download(url, { offLine: true } as never)).rejects.toMatchObject({ code: "OPT_UNKNOWN" });
  });

  it("on the command line: the kept file, or a copy of it", async () => {
    const kept = await json(["download", server.url("w.safetensors")], home);
    expect(kept).toMatchObject({ command: "download", bytes: file.length, sha256: sha256(file) });
    const to = join(home, "mine.safetensors");
    const copied = await json(["download", server.url("w.safetensors"), "--to", to, "--offline"], home);
    expect([copied.path, sha256(readFileSync(to))]).toEqual([to, kept.sha256]);
    expect(server.seen).toHaveLength(1);
    expect(readdirSync(home)).toHaveLength(3);
    const { stdout } = await cli(["download", server.url("w.safetensors"), "--integrity", sri(file)], home);
    expect(stdout).toBe(`${kept.path}\n${file.length} bytes, sha256 ${kept.sha256}\n`);
  });

  it.each([
    [["download"], 2, "OPT_MISSING"],
    [["download", "nope"], 2, "MODEL_UNKNOWN"],
    [["download", "maskfeat_vit-tiny-p16"], 2, "OPT_VALUE"],
    [["download", "ftp://host/w.pth"], 1, "FILE_READ"],
    [["download", BASE, "--offline"], 1, "NET_OFFLINE"],
    [["download", "http://127.0.0.1:9/w", "--to", "no/such/folder/w"], 1, "FILE_WRITE"],
    [["extract", "x.png", "--model", BASE, "--weights", "pretrained", "--offline"], 1, "FILE_NOT_FOUND"],
  ])("%j: exit code %i, %s", async (args, code, error) => {
    const ran = await cli([...args, "--json"], home);
    expect([ran.code, JSON.parse(ran.stdout).error.code]).toEqual([code, error]);
  });

  it("--weights takes a URL, and offline the kept file", async () => {
    const config = join(home, "small.json");
    writeFileSync(config, JSON.stringify(smallConfig));
    const image = join(process.cwd(), "sdk/demo/samples/city-day.png");
    const args = ["extract", image, "--model", config, "--threads", "1", "--weights", server.url("w.safetensors")];
    const first = await json(args, home);
    const second = await json([...args, "--offline"], home);
    expect(second.outputs).toEqual(first.outputs);
    expect(server.seen).toHaveLength(1);
  });
});
