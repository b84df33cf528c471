/** Scores of Hugging Face's classifiers: what the image-classification pipeline of transformers makes of their logits. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { completeConfig, getModel, modelConfigOf, type PartialConfig, tensor } from "../sdk/entries/node.js";
import { predictions } from "../sdk/model/predict.js";
import { tiny } from "./tiny.js";

interface Case {
  readonly config: { readonly problem_type?: string; readonly id2label?: object };
  readonly logits: readonly number[];
  readonly scores: readonly number[];
}

const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync("test/fixtures/peers/scores.json", "utf8"));
const preprocessor = { image_processor_type: "ViTImageProcessor", size: { height: 16, width: 16 } };
const configOf = (config: object) => completeConfig(modelConfigOf(config, { preprocessor }));

describe("scores of a Hugging Face classifier", () => {
  it.each(cases.map((one) => [one.config.problem_type ?? "no problem_type", one.logits.length, one] as const))(
    "are the pipeline's: %s, %i labels",
    (_, labels, { config, logits, scores }) => {
      const [found] = predictions(tensor(logits, [1, labels]), { ...configOf(config), topk: labels });
      // transformers computes in f32
      for (const [i, score] of found.predScores.entries()) {
        expect(Math.abs(score - scores[i])).toBeLessThanOrEqual(4e-7 * Math.abs(scores[i]) + 1e-37);
      }
      const best = scores.indexOf(Math.max(...scores));
      expect(found).toMatchObject({ predLabel: best, predScore: found.predScores[best] });
      expect(found.topk?.map(({ score }) => score)).toEqual([...found.predScores].sort((a, b) => b - a));
    },
  );

  it("are refused where transformers refuses the configuration", () => {
    const [{ config }] = cases;
    for (const problem_type of ["single_label_classification", "multi_label", 3]) {
      expect(() => configOf({ ...config, problem_type })).toThrow(/config\.json: problem_type must be/);
    }
  });
});

it("names the function of the scores in predictions, and takes it from a configuration of our own", async () => {
  const x = tensor(new Float32Array(3 * 56 * 56).fill(0.3), [1, 3, 56, 56]);
  const config: PartialConfig = { ...tiny, kind: "classifier", numClasses: 3, scoreFunction: "sigmoid" };
  using model = await getModel(config, { weights: "procedural", threads: 1 });
  const [[logits], [found]] = [await model.forward(x), await model.predict(x, { topk: 3 })];
  expect(found.predScores).toEqual(logits.data.map((v) => 1 / (1 + Math.exp(-v))));
  expect(found.scoreFunction).toBe("sigmoid");
  expect(() => completeConfig({ ...config, scoreFunction: "tanh" as never })).toThrow(/softmax, sigmoid, none/);
});
