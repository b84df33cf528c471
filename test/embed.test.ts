/** Embeddings, how alike they are, and the models that functions keep for their next call. */

import { describe, expect, it } from "vitest";
import {
  cosineSimilarity,
  embed,
  extractFeat,
  getModel,
  inferenceModel,
  type ModelOptions,
  type PartialConfig,
  type RawPixels,
  registerModel,
  row,
  similarity,
  type Tensor,
  tensor,
} from "../sdk/entries/node.js";
import { codeOf } from "./helpers.js";
import { tiny } from "./tiny.js";

const picture = (width: number, height: number, step = 7): RawPixels => ({
  data: new Uint8Array(3 * width * height).map((_, i) => i * step),
  width,
  height,
});
const image = picture(80, 60);
const load = (config: PartialConfig) => getModel({ ...tiny, ...config }, { weights: "procedural", threads: 1 });
const lengths = (t: Tensor) => Array.from({ length: t.shape[0] }, (_, i) => Math.hypot(...row(t, i)));

describe("an embedding", () => {
  it.each<[string, PartialConfig, "cls_token" | "avg_featmap"]>([
    ["a pre-training model", { kind: "pretrain" }, "avg_featmap"],
    ["a classifier", { kind: "classifier" }, "avg_featmap"],
    ["a classifier of its class token", { kind: "classifier", pooling: "cls_token" }, "cls_token"],
    ["a vision transformer of Hugging Face", { preset: "hf-google-vit", imageSize: 224, patchSize: 56 }, "cls_token"],
    ["one of mmpretrain without a head", { kind: "backbone", preset: "mmpretrain" }, "avg_featmap"],
  ])("of %s is what its recipe pools", async (_, config, pooled) => {
    using model = await load(config);
    const of = async (outType: "cls_token" | "avg_featmap") => (await model.extractFeat(image, { outType }))[0];
    const found = await model.embed(image);
    expect(found.shape).toEqual([1, 48]);
    expect(found).toEqual(await of(pooled));
    expect(await model.embed(image, { pooling: "cls_token" })).toEqual(await of("cls_token"));
    expect(await model.embed(image, { pooling: "mean" })).toEqual(await of("avg_featmap"));
    expect(await of("cls_token")).not.toEqual(await of("avg_featmap"));
  });

  it("is a row for each image, whatever the images' sizes and the model's own stages", async () => {
    const config: PartialConfig = { ...tiny, outType: "featmap" };
    using model = await getModel(config, { weights: "procedural", threads: 1, outIndices: [0] });
    const images = [image, picture(57, 90, 11), picture(300, 200, 3)];
    const all = await model.embed(images);
    expect(all.shape).toEqual([3, 48]);
    for (const [i, one] of images.entries()) expect(row(all, i)).toEqual((await model.embed(one)).data);
  });

  it("has length 1 if that is asked for", async () => {
    using model = await load({});
    const plain = await model.embed([image, picture(57, 90, 11)]);
    const unit = await model.embed([image, picture(57, 90, 11)], { normalize: true });
    for (const length of lengths(unit)) expect(length).toBeCloseTo(1, 6);
    for (const length of lengths(plain)) expect(Math.abs(length - 1)).toBeGreaterThan(0.01);
    expect(cosineSimilarity(row(plain, 0), row(unit, 0))).toBeCloseTo(1, 6);
  });

  it("takes no options of stages", async () => {
    using model = await load({});
    expect(await codeOf(() => model.embed(image, { topk: 1 } as object))).toBe("OPT_UNKNOWN");
    expect(await codeOf(() => model.embed(image, { outIndices: [0] } as object))).toBe("OPT_UNKNOWN");
    expect(await codeOf(() => model.embed(image, { pooling: "max" } as object))).toBe("OPT_VALUE");
    expect(await codeOf(() => model.embed(image, { normalize: 1 } as object))).toBe("OPT_VALUE");
    expect(await codeOf(() => embed(image, { topk: 1 } as object))).toBe("OPT_UNKNOWN");
    await expect(embed(image, { weights: "procedural" })).rejects.toMatchObject({
      code: "OPT_VALUE",
      message: expect.stringMatching(/weights: the default model is loaded without options; .* model by name/),
    });
    expect(await codeOf(() => embed(image, { model, device: "wasm" }))).toBe("OPT_VALUE");
  });

  it.each<[string, (model: never) => Promise<unknown>]>([
    ["a configuration", () => embed(image, { model: tiny as never })],
    ["a promise of a model", () => embed(image, { model: getModel() as never })],
    ["a number", () => embed(image, { model: 3 as never })],
    ["no options", () => embed(image, null as never)],
    ["no model to predict", () => inferenceModel(undefined as never, image)],
    ["a configuration to predict", () => inferenceModel(tiny as never, image)],
    ["a list to predict", () => inferenceModel("vit-tiny-p16_maskfeat-pre", [image, image] as never)],
  ])("refuses %s", async (_, work) => {
    expect(await codeOf(() => work(undefined as never))).toBe("OPT_VALUE");
  });

  it("without a model is the embedded model's, as the features of extractFeat are", async () => {
    const found = await embed(image);
    expect(found.shape).toEqual([1, 192]);
    expect(await extractFeat(image)).toEqual(found);
    using model = await getModel();
    expect(await model.embed(image)).toEqual(found);
    expect(await embed(image, { model })).toEqual(found);
    expect(await embed(image, { model, pooling: "cls_token" })).toEqual(
      await extractFeat(image, { outType: "cls_token" }),
    );
  });
});

describe("a model that is asked for by name", () => {
  registerModel({ name: "embed-test", config: { ...tiny, kind: "classifier", numClasses: 3 } });
  const options = { weights: "procedural", threads: 1 } as const;
  /** The options, and how often they loaded a model. */
  function counted(more: ModelOptions = {}) {
    const count = { loads: 0 };
    const onProgress: ModelOptions["onProgress"] = ({ phase }) => void (phase === "ready" && count.loads++);
    return { count, options: { ...options, onProgress, ...more } };
  }

  it("is kept for the next call of the same name and options", async () => {
    const [first, next, other] = [counted(), counted(), counted({ weights: "init:1" })];
    const found = await embed(image, { model: "embed-test", ...first.options });
    expect(await embed(image, { model: "embed-test", ...next.options })).toEqual(found);
    await inferenceModel("embed-test", image, { ...next.options, topk: 2 });
    expect([first.count.loads, next.count.loads]).toEqual([1, 0]);
    expect(await embed(image, { model: "embed-test", ...other.options })).not.toEqual(found);
    expect(await embed(image, { model: "embed-test", ...first.options })).toEqual(found);
    expect([first.count.loads, other.count.loads]).toEqual([2, 1]);
  });

  it("lives until the calls that use it are done", async () => {
    const calls = ["init:1", "init:2", "init:1", "init:3"].map((weights) =>
      embed(image, { model: "embed-test", ...options, weights }),
    );
    const [a, b, c, d] = await Promise.all(calls);
    expect(c).toEqual(a);
    expect(new Set([a, b, d].map(({ data }) => data[0])).size).toBe(3);
  });

  it.each([undefined, new Error("own reason"), new DOMException("slow", "TimeoutError")])(
    "is loaded for a call although the call that began it was aborted (%s)",
    async (reason) => {
      const controller = new AbortController();
      const weights = "init:9";
      const aborted = embed(image, { model: "embed-test", ...options, weights, signal: controller.signal });
      const other = embed(image, { model: "embed-test", ...options, weights });
      controller.abort(reason);
      await expect(aborted).rejects.toBe(controller.signal.reason);
      expect((await other).shape).toEqual([1, 48]);
    },
  );

  it("has the weights that are named; only inferenceModel takes published ones unasked", async () => {
    await expect(embed(image, { model: "embed-test" })).rejects.toMatchObject({
      code: "OPT_MISSING",
      message: expect.stringMatching(/procedural, init:SEED, pretrained/),
    });
    expect(await codeOf(() => embed(image, { model: "no-such-model" }))).toBe("MODEL_UNKNOWN");
    expect(await codeOf(() => inferenceModel("embed-test", image))).toBe("OPT_VALUE");
    const published = "vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k";
    expect(await codeOf(() => inferenceModel(published, image, { offline: true }))).toBe("NET_OFFLINE");
  });

  it("begins anew after a failure", async () => {
    const weights = "no-such-file.safetensors";
    for (let i = 0; i < 2; i++) {
      expect(await codeOf(() => embed(image, { model: "embed-test", weights }))).toBe("FILE_NOT_FOUND");
    }
    expect((await embed(image, { model: "embed-test", ...options })).shape).toEqual([1, 48]);
  });
});

describe("similarity", () => {
  it("is the cosine of the angle", () => {
    expect(cosineSimilarity([3, 4], [6, 8])).toBe(1);
    expect(cosineSimilarity([1, 0], Float32Array.of(0, 5))).toBe(0);
    expect(cosineSimilarity([1, 2], [-1, -2])).toBe(-1);
    expect(cosineSimilarity(tensor([3, 4], [1, 2]), [4, 3])).toBeCloseTo(24 / 25, 15);
    expect(cosineSimilarity([0, 0], [1, 2])).toBe(0);
    // squares of these leave the range of float64
    for (const x of [1e-200, 1e200, 1e-45]) expect(cosineSimilarity([x, x], [1, 1])).toBeCloseTo(1, 15);
  });

  it("of all pairs is a symmetric matrix", () => {
    const rows = tensor([1, 0, 1, 1, 0, -2], [3, 2]);
    const found = similarity(rows);
    expect(found.shape).toEqual([3, 3]);
    const half = Math.fround(Math.SQRT1_2);
    expect([...found.data]).toEqual([1, half, 0, half, 1, -half, 0, -half, 1].map((x) => expect.closeTo(x, 7)));
    expect([...row(rows, 2)]).toEqual([0, -2]);
    expect(row(rows, 1).buffer).toBe(rows.data.buffer);
  });

  it("refuses what are no vectors of one length", async () => {
    expect(await codeOf(() => cosineSimilarity([1], [1, 2]))).toBe("SHAPE_MISMATCH");
    for (const bad of [undefined, null, 3, {}, [], "ab"]) {
      expect(await codeOf(() => cosineSimilarity(bad as never, [1, 2]))).toBe("SHAPE_MISMATCH");
      expect(await codeOf(() => similarity(bad as never))).toBe("SHAPE_MISMATCH");
      expect(await codeOf(() => row(bad as never, 0))).toBe("SHAPE_MISMATCH");
    }
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await codeOf(() => cosineSimilarity([bad, 1], [1, 2]))).toBe("NON_FINITE");
    }
    const short = { data: new Float32Array(3), shape: [2, 2] };
    expect(await codeOf(() => row(short, 1))).toBe("SHAPE_MISMATCH");
    expect(await codeOf(() => similarity(short))).toBe("SHAPE_MISMATCH");
    expect(await codeOf(() => similarity(tensor([1, 2], [1, 1, 2])))).toBe("SHAPE_MISMATCH");
    for (const i of [-1, 3, 0.5]) expect(await codeOf(() => row(tensor([1, 2, 3], [3, 1]), i))).toBe("OPT_VALUE");
  });
});
