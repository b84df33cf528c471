/** Other projects' configuration files against tables that the projects' own libraries made (scripts/golden/peers): read alike, or refused. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { noiseImage } from "../conformance/images.js";
import {
  completeConfig,
  getModel,
  modelConfigOf,
  normalize,
  type PartialConfig,
  preprocess,
  type Tensor,
  tensor,
  transformOf,
  writeSafetensors,
} from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { asTimm, ours } from "./naming.js";

const table = (name: string) => JSON.parse(readFileSync(`test/fixtures/peers/${name}.json`, "utf8"));
const of = (config: unknown, preprocessor?: unknown) => completeConfig(modelConfigOf(config, { preprocessor }));
const hash = (data: Uint8Array) => createHash("sha256").update(data).digest("hex").slice(0, 8);
const refusal = (work: () => unknown): { code?: string; message: string } => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  return { message: "taken" };
};

/** A plain vision transformer whose one patch is the image. */
const hfVit = (side: number) => ({ model_type: "vit", image_size: side, patch_size: side });
const norms = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

describe("resize and crop", () => {
  const { rows } = table("crops");
  const filters = { 2: "bilinear", 3: "bicubic" } as const;
  const images = new Map<string, ReturnType<typeof noiseImage>>();
  const imageOf = (width: number, height: number) => {
    const key = `${width}x${height}`;
    if (!images.has(key)) images.set(key, noiseImage("crops", height, width));
    return images.get(key)!;
  };
  type Row = [
    [number, number, number, number, 2 | 3, "center" | "squash"],
    ...(readonly [number, number, string, number?])[],
  ];

  const configs: Record<string, (row: Row) => PartialConfig> = {
    transformers: ([[, , edge, side, resample, mode]]) =>
      of(hfVit(side), {
        image_processor_type: "CLIPImageProcessor",
        size: mode === "center" ? { shortest_edge: edge } : { height: edge, width: edge },
        crop_size: { height: side, width: side },
        resample,
        image_mean: norms.mean,
        image_std: norms.std,
      }),
    timm: ([[, , , side, resample, crop_mode], , [, , , crop_pct]]) =>
      of({
        architecture: `vit_tiny_patch${side}_224`,
        num_classes: 0,
        pretrained_cfg: {
          input_size: [3, side, side],
          interpolation: filters[resample],
          crop_pct,
          crop_mode,
          ...norms,
        },
      }),
    mmpretrain: ([[, , resizeEdge, side, resample, cropMode]]) =>
      completeConfig({
        imageSize: side,
        patchSize: side,
        kind: "backbone",
        resizeEdge,
        interpolation: filters[resample],
        cropMode,
      }),
  };

  it.each(Object.keys(configs))("keeps the pixels that %s keeps", (library) => {
    const at = 1 + Object.keys(configs).indexOf(library);
    const wrong = (rows as Row[]).filter((row) => {
      const [width, height] = row[0];
      const options = transformOf(configs[library](row) as ReturnType<typeof completeConfig>);
      return hash(preprocess(imageOf(width, height), { ...options, stage: "u8" }).data) !== row[at][2];
    });
    expect(wrong.map(([row]) => row)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(40);
  });
});

describe("image processors of transformers", () => {
  const { kinds, files, pixels, size } = table("processors");
  const image = noiseImage("processors", size[1], size[0]);
  const read = (kind: string, file: object) => of(hfVit(56), { image_processor_type: kind, ...file });
  const known = (kind: string) => refusal(() => read(kind, files[0])).message === "taken";

  it("are taken only if they do the plain steps alone", () => {
    const taken = (kinds as [string, ...number[]][]).filter(([kind]) => known(kind));
    expect(taken.filter(([, ...same]) => same.some((equal) => equal !== 1))).toEqual([]);
    expect(taken.map(([kind]) => kind.replace("ImageProcessor", ""))).toEqual([
      "Beit",
      "Bit",
      "Blip",
      "CLIP",
      "ChineseCLIP",
      "DeiT",
      "MobileNetV1",
      "MobileNetV2",
      "Pvt",
      "Siglip",
      "ViT",
    ]);
    for (const [kind] of kinds.filter(([kind]: [string]) => !known(kind))) {
      const { code, message } = refusal(() => read(kind, files[0]));
      expect([code, message]).toEqual([
        "OPT_VALUE",
        expect.stringMatching(new RegExp(`image_processor_type must be .*got "${kind}"`)),
      ]);
    }
    expect(kinds.length).toBeGreaterThan(120);
  });

  it("give their pixels and norms, under each of their names", () => {
    for (const kind of ["ViTImageProcessor", "ViTImageProcessorFast", "CLIPFeatureExtractor", "BitImageProcessor"]) {
      for (const [i, file] of files.entries()) {
        const c = read(kind, file);
        const bytes = preprocess(image, { ...transformOf(c), stage: "u8" });
        const { data } = normalize(bytes, { mean: c.mean, std: c.std });
        const [found, ...middle] = pixels[i];
        expect([kind, i, hash(bytes.data)]).toEqual([kind, i, found]);
        for (const [c, value] of middle.entries()) expect(data[c * 56 * 56 + 28 * 56 + 28]).toBeCloseTo(value, 4);
      }
    }
  });

  it.each([
    [{ do_flip_channel_order: true }, /do_flip_channel_order must be left out, as it may change the result, got true/],
    [{ do_pad: true }, /do_pad must be left out/],
    [{ crop_pct: 0.9 }, /crop_pct must be left out, as it may change the result, got 0.9/],
    [{ size_divisor: 32 }, /size_divisor must be left out/],
    [{ rescale_offset: true }, /rescale_offset must be left out/],
    [{ auto_map: { AutoImageProcessor: "own.Own" } }, /auto_map must be left out/],
    [{ size: { shortest_edge: 64, longest_edge: 128 } }, /size: longest_edge must be left out/],
    [{ size: { shortest_edge: 64, height: 64 } }, /size: height must be left out/],
    [{ size: { max_height: 64, max_width: 64 } }, /size: height is missing/],
    [{ size: 64, default_to_square: false }, /size must be an object/],
    [{ image_processor_type: "CLIPImageProcessor", do_center_crop: null, crop_size: null }, /crop_size is missing/],
  ])("with %j are refused", (change, message) => {
    expect(() => of(hfVit(56), { image_processor_type: "ViTImageProcessor", ...files[1], ...change })).toThrow(message);
  });

  it("may have fields that change no pixel", () => {
    const idle = {
      do_convert_rgb: true,
      do_reduce_labels: false,
      do_pad: false,
      size_divisor: null,
      use_fast: true,
      data_format: "channels_first",
    };
    expect(of(hfVit(56), { image_processor_type: "BeitImageProcessor", ...files[1], ...idle })).toEqual(
      read("BeitImageProcessor", files[1]),
    );
  });
});

describe("config.json of transformers", () => {
  const { base, fields, names } = table("vit-fields");
  const silent = { size: base.image_size };
  const plain = of(base, silent);

  it("is refused, or read, where a field changes the network", () => {
    for (const [field, value, changes] of fields as [string, unknown, number | null][]) {
      // the size of the images stands in two files
      const processor =
        field === "image_size" ? { size: Array.isArray(value) ? value[0] : value } : { size: base.image_size };
      const { message, code } = refusal(() => of({ ...base, [field]: value }, processor));
      if (message === "taken") {
        // what becomes of the logits is no matter of the network
        const { scoreFunction: _, ...read } = of({ ...base, [field]: value }, processor);
        const { scoreFunction: __, ...known } = of(base, { size: base.image_size });
        const same = JSON.stringify(read) === JSON.stringify(known);
        // a field of other networks may be taken only if every vision transformer of transformers ignores it in use
        expect([field, value, same]).toEqual([field, value, changes !== 1]);
        if (changes === null) expect(["use_mask_token", "use_cache", "drop_path_rate"]).toContain(field);
      } else {
        expect([code, changes]).not.toContainEqual(0);
        expect(message).toContain(field);
      }
    }
    expect(fields.length).toBeGreaterThanOrEqual(40);
    expect(plain.classes).toEqual(["cat", "dog"]);
  });

  it("names its classes, but for placeholders", () => {
    for (const [change, labels] of names) {
      const c = of({ ...base, ...change }, silent);
      const given = change.id2label === undefined ? base.id2label : change.id2label;
      expect(c.numClasses).toBe(typeof labels === "number" ? labels : labels.length);
      const own = Array.isArray(labels) && labels.some((label, i) => label !== `LABEL_${i}`);
      expect(c.classes).toEqual(own ? labels : undefined);
      expect(own && !given).toBe(false);
      expect(c.dataset).toBeUndefined();
    }
    expect(() => of({ ...base, num_labels: 3 }, silent)).toThrow(
      /num_labels must be as many as id2label has, 2, got 3/,
    );
  });
});

describe("config.json of timm", () => {
  const { rows } = table("timm-folders");

  it("of a plain vision transformer is read, and of another one refused by name", () => {
    for (const { name, args, file, model } of rows) {
      if (model) {
        const c = of(file);
        expect([
          ...[c.imageSize, c.patchSize, c.embedDims, c.numLayers, c.numHeads, c.feedforwardChannels, c.layerNormEps],
          ...[c.kind === "classifier" ? c.numClasses : 0, c.finalNorm, c.poolNorm, c.resizeEdge, c.interpolation],
          ...[c.mean, c.std].map((values) => values.map((v) => Number((v / 255).toFixed(6)))),
        ]).toEqual(model);
        expect([c.pooling, c.cropMode]).toEqual([
          args.global_pool === "avg" ? "avg_featmap" : "cls_token",
          "center-pad",
        ]);
      } else {
        const { code, message } = refusal(() => of(file));
        const changed = Object.keys(args).join("|") || "architecture";
        const named = name === "vit_tiny_patch16_224" ? `(${changed}|input_size|global_pool)` : "architecture";
        expect([name, args, code, message]).toEqual([name, args, "OPT_VALUE", expect.stringMatching(named)]);
      }
    }
    expect(rows.length).toBeGreaterThan(60);
  });

  const [{ file }] = rows;
  const cfg = file.pretrained_cfg;
  const label_names = Array.from({ length: 1000 }, (_, i) => `sku-${i}`);
  const some = ["a", "b", "c"];
  const three = { num_classes: 3, model_args: undefined };
  const sparse = Object.fromEntries(some.map((name, i) => [i, name]));
  const cases: [string, object, unknown][] = [
    ["names of its own", { label_names }, label_names],
    ["names in pretrained_cfg", { pretrained_cfg: { ...cfg, label_names } }, label_names],
    ["names in both", { ...three, label_names: some, pretrained_cfg: { ...cfg, label_names: ["x", "y", "z"] } }, some],
    ["a name by index", { ...three, label_names: sparse }, some],
    ["names under the old field", { ...three, labels: some }, some],
    ["descriptions", { ...three, label_names: some, label_descriptions: { a: "A", b: "B", c: "C" } }, ["A", "B", "C"]],
    [
      "descriptions in pretrained_cfg",
      { ...three, label_names: some, pretrained_cfg: { ...cfg, label_descriptions: { a: "A" } } },
      ["A", "b", "c"],
    ],
    ["no names", three, undefined],
    ["an empty list", { ...three, label_names: [] }, undefined],
    ["a tag of ImageNet-1k", {}, "imagenet-1k"],
    [
      "a tag of a model that was tuned on it",
      { pretrained_cfg: { ...cfg, tag: "augreg_in21k_ft_in1k" } },
      "imagenet-1k",
    ],
    [
      "a tag behind the name",
      { architecture: "vit_tiny_patch16_224.augreg_in1k", num_features: 192, pretrained_cfg: { ...cfg, tag: null } },
      "imagenet-1k",
    ],
    ["no tag", { pretrained_cfg: { ...cfg, tag: null } }, undefined],
    ["a tag of another data set", { pretrained_cfg: { ...cfg, tag: "bamboo" } }, undefined],
    ["a tag of a larger one", { pretrained_cfg: { ...cfg, tag: "augreg_in21k" } }, undefined],
    ["a tag of another one of that name", { pretrained_cfg: { ...cfg, tag: "ft_notin1k" } }, undefined],
    ["a tag, but other classes", { ...three, pretrained_cfg: { ...cfg, tag: "fb_in1k" } }, undefined],
  ];
  it.each(cases)("with %s names its classes so", (_, change, expected) => {
    const c = of({ ...file, ...change });
    expect(c.classes ?? c.dataset).toEqual(expected);
  });

  it.each([
    [{ label_names: some }, /label_names must be 1000 names/],
    [{ ...three, label_names: { 0: "a", 1: "b", 5: "c" } }, /label_names must be names by numbers from 0/],
    [{ ...three, label_names: [1, 2, 3] }, /label_names must be names by numbers from 0/],
    [{ num_classes: 10 }, /model_args: num_classes must be that of the file, 10, got 1000/],
    [{ num_features: 384 }, /num_features must be 768, got 384/],
  ])("with %j is refused", (change, message) => {
    expect(() => of({ ...file, ...change })).toThrow(message);
  });
});

describe("norms and pooling of timm", () => {
  const { rows, pretrained_cfg } = table("timm-pooling");
  const image = tensor(proceduralFill("images.pos_embed", [1, 3, 16, 16])!, [1, 3, 16, 16]);
  const refused = [
    ...[
      "in_chans",
      "reg_tokens",
      "class_token",
      "pool_include_prefix",
      "pre_norm",
      "no_embed_class",
      "init_values",
      "qk_norm",
    ],
    ...[
      "scale_attn_norm",
      "scale_mlp_norm",
      "proj_bias",
      "pos_embed",
      "act_layer",
      "norm_layer",
      "global_pool",
      "fc_norm",
    ],
  ];
  const configOf = ({ config }: { config: { pretrained_cfg: object } }) => ({
    architecture: "vit_tiny_patch16_224",
    ...config,
    pretrained_cfg: { ...pretrained_cfg, ...config.pretrained_cfg },
  });
  const near = (found: Tensor, expected: number[]) => {
    for (const [i, value] of expected.entries()) expect(found.data[i]).toBeCloseTo(value, 4);
  };

  it("give its features and logits, or are refused by name", async () => {
    const taken: unknown[] = [];
    for (const row of rows) {
      const { message } = refusal(() => of(configOf(row)));
      if (message !== "taken") {
        const named = Object.keys(row.args).filter((arg) => refused.includes(arg));
        expect(named.some((arg) => message.includes(arg)) || message).toBe(true);
        continue;
      }
      const config = of(configOf(row));
      const entries = asTimm(ours(config));
      expect(entries.map(([name]) => name).filter((name) => /^(norm|fc_norm)/.test(name))).toEqual(row.norms);
      using model = await getModel(config, { weights: writeSafetensors(entries), threads: 1 });
      expect([model.warnings, model.fresh]).toEqual([[], []]);
      const [feature] = await model.extractFeat(image);
      near(feature, row.feature);
      if (row.logits) near((await model.forward(image))[0], row.logits);
      taken.push(row.args);
    }
    expect([taken.length, rows.length]).toEqual([19, 42]);
  });

  it("are refused where the weights have another norm than the file says", async () => {
    const row = (args: object) =>
      rows.find((one: { args: object }) => JSON.stringify(one.args) === JSON.stringify(args));
    const mean = of(configOf(row({ global_pool: "avg", num_classes: 0 })));
    const plain = of(configOf(row({ num_classes: 0 })));
    const load = (config: PartialConfig, from: PartialConfig) =>
      getModel(config, { weights: writeSafetensors(asTimm(ours(from))), threads: 1 });
    await expect(load(mean, plain)).rejects.toThrow(/missing: backbone\.ln2\.weight, backbone\.ln2\.bias/);
    await expect(load(plain, mean)).rejects.toThrow(/missing: backbone\.ln1\.weight.*unexpected: backbone\.ln2\./);
  });

  it("of the class token give the mean of the normed patches on request", async () => {
    using model = await getModel(of(configOf(rows[1])), { weights: "procedural", threads: 1 });
    const [raw] = await model.extractFeat(image, { outType: "raw" });
    const [mean] = await model.extractFeat(image, { outType: "avg_featmap" });
    const sums = mean.data.map(
      (_, c) => Array.from({ length: 16 }, (_, n) => raw.data[(1 + n) * 48 + c]).reduce((a, b) => a + b) / 16,
    );
    for (const [c, value] of sums.entries()) expect(mean.data[c]).toBeCloseTo(value, 5);
    expect(model.fresh).toEqual([]);
  });
});
