/** Predictions: from logits to mmpretrain's fields, the names of classes, and `inferenceModel`. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { uniform } from "../conformance/ops/define.js";
import { classNames } from "../sdk/checkpoint/classes.js";
import type { Plain, PlainMap } from "../sdk/checkpoint/types.js";
import { classesOf } from "../sdk/config/classes.js";
import { imagenetClasses } from "../sdk/config/imagenet.js";
import {
  completeConfig,
  getModel,
  inferenceModel,
  type ModelOptions,
  type Tensor,
  tensor,
} from "../sdk/entries/node.js";
import { predictions, toMmpretrain } from "../sdk/model/predict.js";
import { browserPlatform } from "../sdk/platform/browser.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { codeOf } from "./helpers.js";
import { tiny } from "./tiny.js";

const small = { ...tiny, kind: "classifier", numClasses: 10 } as const;
const load = (options: ModelOptions = {}) => getModel(small, { weights: "procedural", threads: 1, ...options });
const names = Array.from({ length: 10 }, (_, i) => `name ${i}`);

function images(B: number): Tensor {
  const draw = uniform(B);
  return tensor(
    new Float32Array(B * 3 * 56 * 56).map(() => 2 * draw()),
    [B, 3, 56, 56],
  );
}
const split = ({ data }: Tensor) =>
  Array.from({ length: data.length / (3 * 56 * 56) }, (_, i) =>
    tensor(data.slice(i * 3 * 56 * 56, (i + 1) * 3 * 56 * 56), [3, 56, 56]),
  );

const namesIn = (extra: PlainMap) => classNames({ extra, metadata: new Map() });

describe("predictions of logits", () => {
  const scoreFunction = "softmax";
  const of = (logits: number[], topk?: number) =>
    predictions(tensor(Float32Array.from(logits), [1, logits.length]), { scoreFunction, topk })[0];

  it("are the softmax in float64, rounded once", () => {
    const logits = [1.5, -2, 0.25, 3];
    const powers = logits.map((x) => Math.exp(x - 3));
    const sum = powers.reduce((a, b) => a + b);
    expect(of(logits).predScores).toEqual(Float32Array.from(powers, (p) => p / sum));
    expect(of([1e4, -1e4, 1e4]).predScores).toEqual(Float32Array.of(0.5, 0, 0.5));
    expect(of([-3e38, -3e38]).predScores).toEqual(Float32Array.of(0.5, 0.5));
  });

  it("take the first of equal scores, as torch, and order the others by label", () => {
    const found = of([1, 2, 2, 0, 2, 1], 5);
    expect(found.predLabel).toBe(1);
    expect(found.topk?.map(({ label }) => label)).toEqual([1, 2, 4, 0, 5]);
    // different logits, equal scores: the reference takes the label from the scores, too
    expect(of([0, 1e-9]).predLabel).toBe(0);
    expect(of([1, 2]).topk).toBeUndefined();
  });

  it("have a row for each image, each field once, and no class without names", () => {
    const logits = tensor(Float32Array.of(0, 1, 2, 2, 1, 0), [2, 3]);
    const [first, second] = predictions(logits, { scoreFunction, classes: ["a", "b", "c"], topk: 2 });
    expect(first).toMatchObject({ predLabel: 2, predClass: "c" });
    expect(first.predScore).toBe(first.predScores[2]);
    expect(first.topk?.[0]).toEqual({ label: 2, score: first.predScore, class: "c" });
    expect(second.predScores).toEqual(first.predScores.toReversed());
    expect(structuredClone(first)).toEqual(first);
    expect(Object.keys(of([1, 2]))).toEqual(["predScores", "predLabel", "predScore", "scoreFunction"]);
  });

  it("are renamed as mmpretrain names them", () => {
    const given = { scoreFunction, classes: ["a", "b"], topk: 1 } as const;
    const [found] = predictions(tensor(Float32Array.of(0, 1), [1, 2]), given);
    const { predScores, predScore, topk } = found;
    const scores = { pred_scores: predScores, pred_label: 1, pred_score: predScore, score_function: "softmax" };
    const expected = { ...scores, pred_class: "b", topk };
    expect(toMmpretrain(found)).toEqual(expected);
    expect(Object.keys(toMmpretrain(of([1, 2])))).toEqual([
      "pred_scores",
      "pred_label",
      "pred_score",
      "score_function",
    ]);
  });

  it("of very many classes need no deep stack", () => {
    const many = of(Array.from({ length: 300_000 }, (_, i) => (i === 200_000 ? 5 : 0)));
    expect(many.predLabel).toBe(200_000);
  });
});

describe("model.predict", () => {
  it("agrees with the logits of forward, whatever the batch", async () => {
    using model = await load({ classes: names });
    const batch = images(19);
    const [logits] = await model.forward(batch);
    const all = await model.predict(batch, { topk: 10 });
    expect(all).toEqual(predictions(logits, { scoreFunction: "softmax", classes: names, topk: 10 }));
    const list = await model.predict(split(batch), { topk: 10 });
    expect(list).toEqual(all);
    for (const [i, image] of split(batch).entries()) {
      if (i % 6 === 0) expect(await model.predict(image, { topk: 10 })).toEqual([all[i]]);
    }
    for (const { predScores, topk = [], predLabel, predClass } of all) {
      expect(predScores.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(topk.map((t) => t.score)).toEqual([...predScores].sort((a, b) => b - a));
      expect(topk[0]).toMatchObject({ label: predLabel, class: predClass });
    }
  });

  it("refuses what has no answer", async () => {
    using model = await load();
    using pretraining = await getModel(tiny, { weights: "procedural", threads: 1 });
    const x = images(1);
    expect(await codeOf(() => model.predict(x, { topk: 0 }))).toBe("OPT_VALUE");
    await expect(model.predict(x, { topk: 11 })).rejects.toThrow(/topk: expected an integer from 1 to 10, got 11/);
    expect(await codeOf(() => model.predict(x, { k: 5 } as never))).toBe("OPT_UNKNOWN");
    expect(await codeOf(() => model.predict([]))).toBe("OPT_MISSING");
    await expect(pretraining.predict(x)).rejects.toThrow(
      /custom is no classifier \(its kind is pretrain\): it has no classes/,
    );
    await expect(model.predict(x, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("the names of classes", () => {
  it("are ImageNet's as mmpretrain has them", () => {
    expect(imagenetClasses).toHaveLength(1000);
    expect(imagenetClasses[0]).toBe("tench, Tinca tinca");
    expect(new Set(imagenetClasses).size).toBe(999);
    // of mmpretrain 1.2.0's IMAGENET_CATEGORIES, one on each line
    expect(createHash("sha256").update(imagenetClasses.join("\n")).digest("hex")).toBe(
      "a40d9be82eb4738becd1dd69991b89f87f309975e860a6f3f45395d8c06a7e0d",
    );
  });

  const config = completeConfig(small);
  const thousand = completeConfig({ ...small, numClasses: 1000, dataset: "imagenet-1k" });
  const own = Array.from({ length: 10 }, (_, i) => `own ${i}`);
  const weights = (classes?: readonly string[]) => ({ label: "w.pth", classes });

  it("are the caller's, then the checkpoint's, then the registered model's, then the data set's", async () => {
    const registered = ["registered"];
    const of = (c: typeof config, sources: Parameters<typeof classesOf>[2]) => classesOf(nodePlatform, c, sources);
    expect(await of(config, { given: names, weights: weights(own), registered })).toBe(names);
    expect(await of(config, { weights: weights(own), registered })).toBe(own);
    expect(await of(config, { weights: weights(), registered })).toBe(registered);
    expect(await of(config, { weights: weights() })).toBeUndefined();
    expect(await of(thousand, { weights: weights() })).toBe(imagenetClasses);
    expect(await of({ ...thousand, dataset: undefined }, { weights: weights() })).toBeUndefined();
    expect(await of({ ...thousand, numClasses: 10 }, { weights: weights() })).toBeUndefined();
    expect(await classesOf(browserPlatform, thousand, { weights: weights() })).toBeUndefined();
    expect(await of(completeConfig(tiny), { weights: weights(own) })).toBeUndefined();
    await expect(of(thousand, { weights: weights(own) })).rejects.toThrow(/w.pth names 10 classes, the model has 1000/);
  });

  it("are found where mmpretrain and its predecessor put them", () => {
    const map = (entries: Record<string, Plain>): PlainMap => new Map(Object.entries(entries));
    const extra = (meta: Record<string, Plain>) => map({ meta: map(meta) });
    expect(namesIn(extra({ dataset_meta: map({ classes: own }) }))).toEqual(own);
    expect(namesIn(extra({ dataset_meta: map({ CLASSES: own }) }))).toEqual(own);
    expect(namesIn(extra({ CLASSES: own }))).toEqual(own);
    for (const other of [
      new Map(),
      extra({}),
      extra({ CLASSES: "cat" }),
      extra({ CLASSES: [1, 2] }),
      map({ meta: null }),
    ]) {
      expect(namesIn(other as PlainMap)).toBeUndefined();
    }
  });

  it("are as many as the classes", async () => {
    await expect(load({ classes: names.slice(1) })).rejects.toMatchObject({
      code: "OPT_VALUE",
      message: "classes: 9 names were given, the model has 10 classes",
    });
    expect(await codeOf(() => load({ classes: "cat" as never }))).toBe("OPT_VALUE");
    expect(await codeOf(() => getModel(tiny, { weights: "procedural", classes: names }))).toBe("OPT_VALUE");
  });
});

describe("inferenceModel", () => {
  const bird = "sdk/demo/samples/wood-oak.jpg";

  it("gives the first result of a model, and of a name", async () => {
    using model = await getModel("vit-tiny-p16_maskfeat-pre", { weights: "embedded", threads: 1 });
    expect(model).toMatchObject({ weights: "procedural", trained: false });
    const [expected] = await model.predict(bird, { topk: 3 });
    expect(expected.predClass).toBe(`class ${expected.predLabel}`);
    expect(await inferenceModel(model, bird, { topk: 3 })).toEqual(expected);
    const options = { weights: "procedural", threads: 1, topk: 3 };
    expect(await inferenceModel("vit-tiny-p16_maskfeat-pre", bird, options)).toEqual(expected);
  });

  it("wants published weights unless others are named, and a classifier", async () => {
    await expect(inferenceModel("vit-tiny-p16_maskfeat-pre", bird)).rejects.toMatchObject({ name: "OptionError" });
    const pretraining = "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k";
    await expect(inferenceModel(pretraining, bird)).rejects.toThrow(/is no classifier/);
    expect(await codeOf(() => inferenceModel("resnet", bird))).toBe("MODEL_UNKNOWN");
    using model = await load();
    expect(await codeOf(() => inferenceModel(model, bird, { weights: "procedural" } as never))).toBe("OPT_UNKNOWN");
  });

  it("finds names for the classes of ImageNet", async () => {
    const config = { ...small, numClasses: 1000, dataset: "imagenet-1k" } as const;
    using model = await getModel(config, { weights: "procedural", threads: 1 });
    const { predLabel, predClass } = await inferenceModel(model, images(1));
    expect(predClass).toBe(imagenetClasses[predLabel]);
    expect(model.classes).toBe(imagenetClasses);
  });
});
