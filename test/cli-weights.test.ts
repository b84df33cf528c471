/** The command line with weights and configurations of other projects. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { writeNpy, writeSafetensors } from "../sdk/entries/node.js";
import { cli, json, samples, temporaryFolder } from "./cli.js";
import { asHuggingFace, asTimm, ours } from "./naming.js";

const folder = temporaryFolder();
const image = join(samples, "wood-oak.jpg");
const architecture = {
  model_type: "vit",
  architectures: ["ViTModel"],
  hidden_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 96,
  image_size: 56,
  patch_size: 4,
};
const small = { imageSize: 56, patchSize: 4, embedDims: 48, numLayers: 2, numHeads: 4, feedforwardChannels: 96 };
const entries = ours({ preset: "hf-google-vit", ...small });
mkdirSync(join(folder, "vit"));
const put = (name: string, content: unknown) =>
  writeFileSync(join(folder, name), content instanceof Uint8Array ? content : JSON.stringify(content));
put("vit/config.json", architecture);
put("vit/model.safetensors", writeSafetensors(asHuggingFace(entries)));
put("timm.safetensors", writeSafetensors(asTimm([...entries, ["backbone.mask_token", entries[0][1]]])));
put("small.json", { kind: "backbone", ...small });
const extract = (...args: string[]) => ["extract", image, "--threads", "1", ...args];

describe("weights of other projects", () => {
  it("come with a folder, a configuration or a preset", async () => {
    const silent = await cli(extract("--model", "vit/"), folder);
    expect([silent.code, silent.stderr]).toEqual([
      2,
      expect.stringMatching(/preprocessor_config\.json .*hf-google-vit/),
    ]);
    const preset = await json(extract("--model", "vit/", "--preset", "hf-google-vit"), folder);
    expect(preset).toMatchObject({ trained: true, weights: "vit/model.safetensors", outputs: [{ shape: [1, 48] }] });
    put("vit/preprocessor_config.json", { size: 56 });
    const whole = await json(extract("--model", "vit/"), folder);
    const bare = await json(extract("--model", "vit"), folder);
    const address = await json(extract("--model", pathToFileURL(join(folder, "vit")).href), folder);
    const weights = ["--weights", pathToFileURL(join(folder, "vit/model.safetensors")).href];
    const parts = await json(extract("--model", "vit/config.json", ...weights), folder);
    const own = await json(extract("--model", "small.json", "--preset", "hf-google-vit", ...weights), folder);
    for (const run of [whole, bare, address, parts, own]) expect(run.outputs).toEqual(preset.outputs);
  });

  it("and images are URLs, too", async () => {
    const files: Readonly<Record<string, Uint8Array>> = {
      "/image.jpg": readFileSync(image),
      "/array.npy": writeNpy({ data: new Uint8Array(3 * 8 * 8).fill(9), shape: [8, 8, 3] }),
      "/model.safetensors": readFileSync(join(folder, "vit/model.safetensors")),
    };
    const server = createServer(({ url = "" }, response) => {
      const found = files[url.replace(/\?.*/, "")];
      response.writeHead(found ? 200 : 404).end(found);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const at = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
    try {
      const env = { MASKFEAT_HOME: join(folder, "cache") };
      const model = ["--model", "small.json", "--preset", "hf-google-vit", "--threads", "1"];
      const inline = `data:image/jpeg;base64,${readFileSync(image).toString("base64")}`;
      const inputs = [image, at("image.jpg?size=1"), pathToFileURL(image).href, inline, at("array.npy?a=b")];
      const run = await json(["extract", ...inputs, ...model, "--weights", at("model.safetensors")], folder, { env });
      const [plain, ...others] = run.outputs.map(({ first }: { first: number[] }) => first);
      for (const first of others.slice(0, 3)) expect(first).toEqual(plain);
      expect(others[3]).not.toEqual(plain);
      const missing = await cli(["hog", at("none.jpg"), "--json"], folder, { env });
      expect(JSON.parse(missing.stdout).error).toMatchObject({ code: "FILE_NOT_FOUND" });
      const config = await cli(extract("--model", at("config.json"), "--json"), folder, { env });
      expect(JSON.parse(config.stdout).error.message).toMatch(/for a URL, give its folder/);
    } finally {
      server.close();
    }
  });

  it("are refused on the hub where offline is asked for", async () => {
    const { code, stderr } = await cli(extract("--model", "owner/name", "--offline"), folder, {
      env: { HF_HOME: folder, MASKFEAT_HOME: join(folder, "cache") },
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/owner\/name: neither a registered model nor a folder/)]);
  });

  it("are named where no one says what surrounds them, and what was left out is told on stderr", async () => {
    const weights = ["--model", "small.json", "--weights", "timm.safetensors"];
    const failed = await cli(extract(...weights), folder);
    expect([failed.code, failed.stderr]).toEqual([
      2,
      expect.stringMatching(/timm's names.*the presets are mmpretrain/),
    ]);
    const told = await cli(extract(...weights, "--preset", "hf-google-vit", "--quiet"), folder);
    expect(told).toMatchObject({ code: 0, stderr: "maskfeat-wgpu: timm.safetensors: not used: backbone.mask_token\n" });
  });

  it("models have PySlowFast's names", async () => {
    const run = extract("--model", "configs/masked_ssl/in1k_VIT_B_MaskFeat_PT.yaml", "--weights", "none.safetensors");
    expect(await cli(run, folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("none.safetensors: no such file"),
    });
  });
});
