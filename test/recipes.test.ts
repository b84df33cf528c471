/** Configurations of Hugging Face and timm as ours, and models from folders that hold them. */

import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { noiseImage } from "../conformance/images.js";
import {
  type ConfigOptions,
  completeConfig,
  getModel,
  modelConfigOf,
  preprocess,
  presetNames,
  resize,
  writeSafetensors,
} from "../sdk/entries/node.js";
import { temporaryFolder } from "./cli.js";
import { asHuggingFace, asTimm, ours } from "./naming.js";
import { tiny } from "./tiny.js";

const { hog: _, ...sizes } = tiny;

/** As google/vit-base-patch16-224 has them, smaller. */
const hfConfig = {
  architectures: ["ViTForImageClassification"],
  hidden_act: "gelu",
  hidden_size: 48,
  id2label: { 0: "cat", 1: "dog", 2: "bird" },
  image_size: 56,
  intermediate_size: 96,
  layer_norm_eps: 1e-12,
  model_type: "vit",
  num_attention_heads: 4,
  num_channels: 3,
  num_hidden_layers: 2,
  patch_size: 4,
  qkv_bias: true,
};
const hfProcessor = {
  do_normalize: true,
  do_resize: true,
  feature_extractor_type: "ViTFeatureExtractor",
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
  resample: 2,
  size: 56,
};
const timmJson = {
  architecture: "vit_base_patch16_224",
  num_classes: 1000,
  num_features: 768,
  global_pool: "token",
  pretrained_cfg: {
    tag: "augreg2_in21k_ft_in1k",
    input_size: [3, 224, 224],
    interpolation: "bicubic",
    crop_pct: 0.9,
    crop_mode: "center",
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    num_classes: 1000,
  },
};

const of = (config: unknown, options?: ConfigOptions) => completeConfig(modelConfigOf(config, options));
const half = { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] };
const imagenet = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };

describe("Hugging Face", () => {
  it("is a classifier with names, squashed bilinearly, as its processor says", () => {
    expect(of(hfConfig, { preprocessor: hfProcessor })).toMatchObject({
      kind: "classifier",
      numClasses: 3,
      classes: ["cat", "dog", "bird"],
      ...sizes,
      layerNormEps: 1e-12,
      qkvBias: true,
      pooling: "cls_token",
      outType: "cls_token",
      finalNorm: true,
      cropMode: "squash-floor",
      resizeEdge: 56,
      interpolation: "bilinear",
      ...half,
    });
  });

  it("has transformers' documented values where the files are silent", () => {
    const bare = of({ model_type: "vit", architectures: ["ViTModel"] }, { preprocessor: {} });
    expect(bare).toEqual(completeConfig({ preset: "hf-google-vit" }));
  });

  it("follows other processors where these say everything", () => {
    const preprocessor = {
      image_processor_type: "BitImageProcessor",
      size: { shortest_edge: 64 },
      do_center_crop: true,
      crop_size: { height: 56, width: 56 },
      resample: 3,
      image_mean: [0.485, 0.456, 0.406],
      image_std: [0.229, 0.224, 0.225],
    };
    expect(of(hfConfig, { preprocessor })).toMatchObject({
      cropMode: "center-floor",
      resizeEdge: 64,
      interpolation: "bicubic",
      ...imagenet,
    });
    const { image_mean: _, ...without } = preprocessor;
    expect(() => of(hfConfig, { preprocessor: without })).toThrow(
      /preprocessor_config\.json: image_mean is missing; give a preset.*timm-augreg/,
    );
    const scaled = { ...hfProcessor, do_rescale: false, image_mean: 127.5, image_std: [255, 255, 255] };
    expect(of(hfConfig, { preprocessor: scaled })).toMatchObject({ mean: half.mean, std: [255, 255, 255] });
    const plain = { ...hfProcessor, do_normalize: false, size: { height: 56, width: 56 } };
    expect(of(hfConfig, { preprocessor: plain })).toMatchObject({ mean: [0, 0, 0], std: [255, 255, 255] });
  });

  it("needs a preset without a processor", () => {
    expect(() => modelConfigOf(hfConfig)).toThrow(/preprocessor_config\.json beside it is missing.*hf-google-vit/);
    const told = of(hfConfig, { preset: "hf-google-vit" });
    expect(told).toEqual(of(hfConfig, { preprocessor: hfProcessor }));
  });

  it.each([
    [{ model_type: "dinov2" }, {}, /model_type must be one of vit, got "dinov2"/],
    [{ hidden_act: "gelu_new" }, {}, /hidden_act must be one of gelu/],
    [{ num_channels: 1 }, {}, /num_channels must be 3, got 1/],
    [{ image_size: [56, 64] }, {}, /image_size must be a number or two equal ones/],
    [{ layer_norm_eps: "1e-6" }, {}, /layer_norm_eps must be a number/],
    [{ id2label: { 1: "a", 2: "b" } }, {}, /id2label must be names by numbers from 0/],
    [{}, { resample: 1 }, /resample must be one of 2, 3, got 1/],
    [{}, { do_resize: false }, /do_resize must be true/],
    [{}, { size: 64 }, /size must be the model's image_size, 56/],
    [{}, { size: { height: 56, width: 60 } }, /size must be a square/],
    [{}, { size: { shortest_edge: 56 } }, /do_center_crop must be true with a shortest_edge/],
    [{}, { image_std: [1, 2] }, /image_std must be three numbers/],
    [
      {},
      { image_processor_type: "ConvNextImageProcessor" },
      /image_processor_type must be ImageProcessor of ViT, DeiT/,
    ],
  ])("refuses %j %j", (config, processor, message) => {
    const preprocessor = { ...hfProcessor, ...processor };
    expect(() => of({ ...hfConfig, ...config }, { preprocessor })).toThrow(message);
  });
});

describe("timm", () => {
  it("is read from architecture and pretrained_cfg", () => {
    expect(of(timmJson)).toEqual(completeConfig({ preset: "timm-augreg", kind: "classifier", dataset: "imagenet-1k" }));
    const large = { ...timmJson, architecture: "vit_large_patch14_224.untrained", num_classes: 0, num_features: 1024 };
    expect(of(large)).toMatchObject({ kind: "backbone", embedDims: 1024, numLayers: 24, numHeads: 16, patchSize: 14 });
  });

  it("has every detail that the file can say", () => {
    const { mean, std } = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const cfg = { input_size: [3, 384, 384], interpolation: "bilinear", crop_pct: 1, crop_mode: "squash", mean, std };
    const json = {
      ...timmJson,
      architecture: "deit_small_patch16_384",
      num_features: 384,
      global_pool: "avg",
      pretrained_cfg: cfg,
    };
    expect(of(json)).toMatchObject({
      imageSize: 384,
      resizeEdge: 384,
      cropMode: "squash-pad",
      interpolation: "bilinear",
      embedDims: 384,
      pooling: "avg_featmap",
      outType: "avg_featmap",
      finalNorm: false,
      ...imagenet,
    });
    expect(of({ ...json, model_args: { global_pool: "token" } })).toMatchObject({ pooling: "cls_token" });
  });

  it("needs a preset where the file is silent, and takes it only there", () => {
    const { crop_pct: _, ...cfg } = timmJson.pretrained_cfg;
    const json = { ...timmJson, pretrained_cfg: cfg };
    expect(() => modelConfigOf(json)).toThrow(/pretrained_cfg: crop_pct is missing; give a preset.*timm-deit/);
    expect(of(json, { preset: "timm-deit" })).toMatchObject({ ...imagenet, resizeEdge: 248, pooling: "cls_token" });
    expect(of(timmJson, { preset: "timm-deit" })).toMatchObject(half);
  });

  it.each([
    [{ architecture: "vit_base_patch14_dinov2" }, /architecture must be a plain ViT/],
    [{ architecture: "deit_base_distilled_patch16_224" }, /architecture must be a plain ViT/],
    [{ architecture: "resnet50" }, /architecture must be a plain ViT.*got "resnet50"/],
    [{ global_pool: "map" }, /global_pool must be one of token, avg/],
    [{ model_args: { init_values: 1 } }, /model_args: init_values must be left out/],
    [{ pretrained_cfg: { ...timmJson.pretrained_cfg, interpolation: "random" } }, /interpolation must be one of/],
    [{ pretrained_cfg: { ...timmJson.pretrained_cfg, input_size: [1, 224, 224] } }, /input_size must be \[3, S, S\]/],
    [{ pretrained_cfg: { ...timmJson.pretrained_cfg, crop_pct: 0 } }, /crop_pct must be above 0/],
    [{ pretrained_cfg: 3 }, /pretrained_cfg must be an object/],
  ])("refuses %j", (change, message) => {
    expect(() => modelConfigOf({ ...timmJson, ...change })).toThrow(message);
  });
});

describe("modelConfigOf", () => {
  it("leaves our own as it is", () => {
    expect(modelConfigOf({ embedDims: 48 })).toEqual({ embedDims: 48 });
    expect(modelConfigOf({ embedDims: 48 }, { preset: "timm-deit" })).toEqual({ preset: "timm-deit", embedDims: 48 });
  });

  it.each([
    [null, {}, /expected an object/],
    [[], {}, /expected an object/],
    [{}, { preprocessor: 3 }, /preprocessor_config\.json: expected an object/],
    [{}, { preset: "timm" }, /preset: expected one of mmpretrain, mmpretrain-vit, pyslowfast/],
    [{}, { processor: {} }, /unknown option processor/],
  ])("refuses %j %j", (config, options, message) => {
    expect(() => modelConfigOf(config, options as never)).toThrow(message);
  });

  it("knows presets that complete", () => {
    for (const preset of presetNames) {
      const imageSize = preset === "mmpretrain-vit" ? 384 : 224;
      expect(completeConfig({ preset, imageSize }).pooling).toMatch(/^(avg_featmap|cls_token)$/);
    }
  });
});

describe("squash", () => {
  it("resizes both edges, then crops the middle", () => {
    const image = noiseImage("squash", 40, 70);
    const squashed = preprocess(image, { cropMode: "squash", resizeEdge: 32, cropSize: 32, stage: "u8" });
    expect(squashed).toEqual(resize(image, { width: 32, height: 32 }));
    const cropped = preprocess(image, { cropMode: "squash", resizeEdge: 32, cropSize: 30, stage: "u8" });
    expect([...cropped.data.slice(0, 3)]).toEqual([...squashed.data.slice(3 * 33, 3 * 34)]);
  });
});

describe("a folder", () => {
  const folder = temporaryFolder();
  const make = (name: string, files: Record<string, unknown>) => {
    mkdirSync(join(folder, name));
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(join(folder, name, file), content instanceof Uint8Array ? content : JSON.stringify(content));
    }
    return `${join(folder, name)}/`;
  };
  const config = of(hfConfig, { preprocessor: hfProcessor });
  const weights = writeSafetensors(asHuggingFace(ours(config)));
  const files = { "config.json": hfConfig, "preprocessor_config.json": hfProcessor, "model.safetensors": weights };
  const image = noiseImage("folder", 60, 80);

  it("of Hugging Face is a model, from disk and from a URL", async () => {
    vi.stubEnv("MASKFEAT_HOME", join(folder, "cache"));
    const path = make("hf", files);
    using model = await getModel(path, { threads: 1 });
    using plain = await getModel(config, { weights: "procedural", threads: 1 });
    expect(model.config).toEqual(config);
    expect(await model.forward(image)).toEqual(await plain.forward(image));
    const server = createServer(async (request, response) => {
      const found = await readFile(join(path, new URL(request.url!, "http://x").pathname)).catch(() => undefined);
      response.writeHead(found ? 200 : 404).end(request.method === "HEAD" ? undefined : found);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    try {
      using remote = await getModel(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { threads: 1 });
      expect(await remote.extractFeat(image)).toEqual(await plain.extractFeat(image));
    } finally {
      server.close();
      vi.unstubAllEnvs();
    }
  });

  it("may lack what a preset says, but not the weights", async () => {
    const { "preprocessor_config.json": _, ...rest } = files;
    const path = make("silent", rest);
    await expect(getModel(path)).rejects.toMatchObject({ code: "OPT_MISSING" });
    using model = await getModel(path, { preset: "hf-google-vit", threads: 1 });
    expect(model.config).toEqual(config);
    const empty = make("empty", { "config.json": hfConfig, "preprocessor_config.json": hfProcessor });
    await expect(getModel(empty)).rejects.toThrow(/neither model\.safetensors nor model\.safetensors\.index\.json/);
    using other = await getModel(empty, { weights: "procedural", threads: 1 });
    expect(other.trained).toBe(false);
    const broken = make("broken", { "config.json": new TextEncoder().encode("{") });
    await expect(getModel(broken)).rejects.toThrow(/config\.json: not valid JSON/);
    await expect(getModel(`${folder}/none/`)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("takes no preset for a model that has its own", async () => {
    await expect(getModel("maskfeat_vit-tiny-p16", { weights: "procedural", preset: "timm-deit" })).rejects.toThrow(
      /preset belongs to a configuration or a folder/,
    );
    const small = { ...config, preset: undefined };
    using model = await getModel(
      { ...sizes, resizeEdge: 62 },
      { preset: "timm-deit", weights: writeSafetensors(asTimm(ours({ ...small, kind: "backbone" }))), threads: 1 },
    );
    expect(model.config).toMatchObject({ interpolation: "bicubic", ...imagenet });
  });
});
