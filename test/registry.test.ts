/** The registered models: parameter names, counts and cost of the reference, and its rules for patterns. */

import { describe, expect, it } from "vitest";
import { completeConfig } from "../sdk/config/config.js";
import { findModel, listModels, modelInfo, registerModel } from "../sdk/config/registry.js";
import { ownParams } from "../sdk/config/traced.js";

const pretrain = "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k";
const classifier = "vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k";
const slowPretrain = "maskfeat_vit-base-p16_pyslowfast-1600e_in1k";
const slowPretrainL = "maskfeat_vit-large-p16_pyslowfast-1600e_in1k";
const slowClassifier = "vit-base-p16_maskfeat-pre_pyslowfast-100e_in1k";
const slowClassifierL = "vit-large-p16_maskfeat-pre_pyslowfast-50e_in1k";
const sizes = ["maskfeat_vit-large-p16", slowPretrainL, "maskfeat_vit-small-p16", "maskfeat_vit-tiny-p16"];
const pretraining = [pretrain, slowPretrain, ...sizes];
const tinyClassifier = "vit-tiny-p16_maskfeat-pre";
const classifiers = [classifier, slowClassifier, slowClassifierL, tinyClassifier];

const shapes = (name: string) => new Map(ownParams(findModel(name).config).map((v) => [v.name, String(v.shape)]));

/** The backbone tensors that both models of the reference have. */
const backbone = (): [string, string][] => [
  ["backbone.cls_token", "1,1,768"],
  ["backbone.pos_embed", "1,197,768"],
  ["backbone.patch_embed.projection.weight", "768,3,16,16"],
  ["backbone.patch_embed.projection.bias", "768"],
  ...Array.from({ length: 12 }, (_, i): [string, string][] =>
    [
      ["ln1.weight", "768"],
      ["ln1.bias", "768"],
      ["attn.qkv.weight", "2304,768"],
      ["attn.qkv.bias", "2304"],
      ["attn.proj.weight", "768,768"],
      ["attn.proj.bias", "768"],
      ["ln2.weight", "768"],
      ["ln2.bias", "768"],
      ["ffn.layers.0.0.weight", "3072,768"],
      ["ffn.layers.0.0.bias", "3072"],
      ["ffn.layers.1.weight", "768,3072"],
      ["ffn.layers.1.bias", "768"],
    ].map(([name, shape]) => [`backbone.layers.${i}.${name}`, shape] as [string, string]),
  ).flat(),
];

describe("parameters", () => {
  it("of the pre-training model are the reference's", () => {
    const expected = new Map([
      ...backbone(),
      ["backbone.mask_token", "1,1,768"],
      ["backbone.ln1.weight", "768"],
      ["backbone.ln1.bias", "768"],
      ["neck.fc.weight", "108,768"],
      ["neck.fc.bias", "108"],
    ] as [string, string][]);
    expect(shapes(pretrain)).toEqual(expected);
  });

  it("of the classifier are the reference's", () => {
    const expected = new Map([
      ...backbone(),
      ["backbone.ln2.weight", "768"],
      ["backbone.ln2.bias", "768"],
      ["head.fc.weight", "1000,768"],
      ["head.fc.bias", "1000"],
    ] as [string, string][]);
    expect(shapes(classifier)).toEqual(expected);
  });

  it("and multiply-adds have the published numbers", () => {
    expect(modelInfo(pretrain)).toMatchObject({ parameters: 85_882_476, macs: 17_581_972_224, task: null });
    expect(modelInfo(classifier)).toMatchObject({
      parameters: 86_567_656,
      macs: 17_581_219_584,
      task: "Image Classification",
    });
    expect(modelInfo("maskfeat_vit-large-p16").parameters).toBe(303_413_356);
    expect(modelInfo(slowPretrain)).toMatchObject({ parameters: 85_882_476, weights: null, sha256: null, metrics: {} });
    expect(modelInfo(slowPretrainL)).toMatchObject({ parameters: 303_413_356 });
    expect(modelInfo(slowClassifier)).toMatchObject({ parameters: 86_567_656, metrics: { "Top 1 Accuracy": 84 } });
    expect(modelInfo(slowClassifierL)).toMatchObject({ parameters: 304_326_632, metrics: { "Top 1 Accuracy": 85.7 } });
  });
});

describe("listModels", () => {
  it("follows the reference's patterns", () => {
    expect(listModels()).toEqual([...pretraining, ...classifiers]);
    expect(listModels("*maskfeat*")).toEqual([...pretraining, ...classifiers]);
    expect(listModels("maskfeat")).toEqual(pretraining);
    expect(listModels("vit")).toEqual(classifiers);
    expect(listModels("*coslr*in1k")).toEqual([pretrain, classifier]);
    expect(listModels("maskfeat_vit-[ls]")).toEqual(sizes.slice(0, 3));
    expect(listModels("maskfeat_vit-[!lsb]")).toEqual(["maskfeat_vit-tiny-p16"]);
    expect(listModels("maskfeat?vit-tiny.p16")).toEqual([]);
    expect(listModels("nothing")).toEqual([]);
  });

  it("filters by task and by exclusion", () => {
    expect(listModels("", { task: "Image Classification" })).toEqual(classifiers);
    expect(listModels("*base*", { task: "null" })).toEqual([pretrain, slowPretrain]);
    expect(listModels("", { excludePatterns: ["maskfeat_vit", "nothing"] })).toEqual(classifiers);
  });

  it("names the choices where a name is unknown", () => {
    expect(() => findModel("resnet")).toThrow(/no model is named "resnet"; the models are maskfeat_vit-base/);
    expect(findModel(pretrain.toUpperCase()).name).toBe(pretrain);
  });
});

describe("PySlowFast's models", () => {
  it("differ from mmpretrain's in the window of HOG and in how images are resized", () => {
    const { hog, ...rest } = findModel(slowPretrain).config;
    const { hog: window, ...same } = findModel(pretrain).config;
    expect([hog.gaussianWindow, window.gaussianWindow]).toEqual([0, 16]);
    expect(rest).toEqual({ ...same, interpolation: "bicubic", positions: "bicubic" });
  });

  it("have the hash of the published files in the names of these", () => {
    for (const name of [pretrain, classifier]) {
      const { weights, sha256 } = modelInfo(name);
      expect(weights).toMatch(new RegExp(`-${sha256}\\.pth$`));
    }
  });
});

describe("registerModel", () => {
  const mine = { name: "my-vit", config: { preset: "timm-augreg", embedDims: 96, numHeads: 3 } } as const;

  it("adds a model that is found, listed and described", () => {
    registerModel({ ...mine, sha256: "0123abcd", weights: "https://example.com/my.safetensors", metrics: { acc: 7 } });
    expect(listModels("my")).toEqual(["my-vit"]);
    expect(findModel("My-ViT").config).toMatchObject({ kind: "backbone", interpolation: "bicubic", resizeEdge: 248 });
    expect(modelInfo("my-vit")).toMatchObject({ sha256: "0123abcd", metrics: { acc: 7 }, task: null, config: null });
    expect(() => registerModel(mine)).toThrow(/registerModel: my-vit is already registered/);
  });

  it.each([
    [{ ...mine, name: pretrain }, /already registered/],
    [{ ...mine, name: "My" }, /small letters/],
    [{ ...mine, name: "a/b" }, /small letters/],
    [{ ...mine, name: "x.json" }, /taken for something else/],
    [{ ...mine, name: 7 }, /small letters/],
    [{ ...mine, name: "a", config: { imageSize: 57 } }, /imageSize by patchSize/],
    [{ ...mine, name: "a", config: { preset: "timm" } }, /preset: expected one of mmpretrain, .* got "timm"/],
    [{ ...mine, name: "a", task: "Detection" }, /task/],
    [{ ...mine, name: "a", metrics: { top1: "83" } }, /metrics must be numbers/],
    [{ ...mine, name: "a", sha256: "xyz" }, /8 to 64 hexadecimal digits/],
    [{ ...mine, name: "a", weights: "/tmp/x" }, /weights must be a http or https URL/],
    [{ ...mine, name: "a", url: "" }, /unknown option url/],
    [null, /expected \{ name, config/],
  ])("refuses %j", (model, message) => {
    expect(() => registerModel(model as never)).toThrow(message);
    expect(listModels("a")).toEqual([]);
  });
});

describe("completeConfig", () => {
  it("fills in the base recipe", () => {
    expect(completeConfig({})).toEqual(findModel(pretrain).config);
    // the default architecture is not written
    expect(Object.keys(completeConfig({ arch: "vit" }))).toEqual(Object.keys(completeConfig({})));
    expect(completeConfig({ kind: "classifier" })).toMatchObject({
      outType: "avg_featmap",
      finalNorm: false,
      numClasses: 1000,
    });
    expect(completeConfig({ imageSize: 56, patchSize: 4, hog: { pool: 2, gaussianWindow: 4 } })).toMatchObject({
      resizeEdge: 64,
      hog: { nbins: 9, pool: 2, gaussianWindow: 4 },
    });
  });

  it.each([
    [{ imageSize: 57 }, /imageSize by patchSize: 57 is not a multiple of 16/],
    [{ numHeads: 7 }, /embedDims by numHeads/],
    [{ numLayers: 0 }, /numLayers: expected an integer from 1/],
    [{ embedDims: "768" }, /embedDims: expected an integer.*"768"/],
    [{ outType: "nonsense" }, /outType: expected one of raw, cls_token, featmap, avg_featmap, got "nonsense"/],
    [{ width: 3 }, /config: unknown option width; the options are/],
    [{ hog: { cells: 3 } }, /config.hog: unknown option cells/],
    [{ hog: { pool: 5 } }, /patchSize by hog.pool/],
    [{ hog: { gaussianWindow: 15 } }, /imageSize by hog.gaussianWindow/],
    [{ mean: [1, 2] }, /mean must be three finite numbers/],
    [{ std: [1, 0, 1] }, /std must be three positive numbers/],
    [{ layerNormEps: 0 }, /layerNormEps/],
    [{ kind: "video" }, /kind: expected one of pretrain, classifier, backbone/],
    [
      { preset: "timm-deit", imageSize: 256 },
      /timm-deit does not say how images of 256 pixels are resized: give resizeEdge/,
    ],
    [{ pooling: "raw" }, /pooling: expected one of avg_featmap, cls_token/],
    [{ arch: "mvit" }, /arch: expected one of vit, got "mvit"/],
    [{ cropMode: "border" }, /cropMode: expected one of center, squash, center-pad/],
    [{ qkvBias: 1 }, /qkvBias: expected one of true, false/],
    [{ kind: "classifier", numClasses: 2, classes: ["a"] }, /classes must be 2 names/],
    [null, /must be an object/],
  ])("refuses %j", (config, message) => {
    expect(() => completeConfig(config as never)).toThrow(message);
  });
});
