/** Arguments that are wrong: what could have been meant. */

import { describe, expect, it } from "vitest";
import { checkChoice, checkKeys, didYouMean } from "../sdk/base/check.js";
import { listModels } from "../sdk/entries/node.js";

const models = listModels();
const options = ["weights", "pretrained", "outType", "outIndices", "finalNorm", "interpolation", "topk", "signal"];

function messageOf(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the nearest name", () => {
  it.each([
    ["topK", options, "topk"],
    ["top_k", options, "topk"],
    ["weigths", options, "weights"],
    ["weight", options, "weights"],
    ["out_type", options, "outType"],
    ["outtype", options, "outType"],
    ["outIndexes", options, "outIndices"],
    ["sginal", options, "signal"],
    ["interpolate", options, "interpolation"],
    ["norm", options, "finalNorm"],
    ["bicubicc", ["bilinear", "bicubic"], "bicubic"],
    ["Bilinear", ["bilinear", "bicubic"], "bilinear"],
    ["clstoken", ["raw", "cls_token", "featmap"], "cls_token"],
    ["maskfeat_vit_tiny_p16", models, "maskfeat_vit-tiny-p16"],
    ["maskfeat-vit-tiny-p16", models, "maskfeat_vit-tiny-p16"],
    ["maskfeat_vit-tinyp16", models, "maskfeat_vit-tiny-p16"],
    ["maskfeat_vit-smal-p16", models, "maskfeat_vit-small-p16"],
    ["maskfeat_vit-p16-large", models, "maskfeat_vit-large-p16"],
    ["vit-tiny", models, "maskfeat_vit-tiny-p16"],
    ["vit-tiny-p16_maskfeat", models, "vit-tiny-p16_maskfeat-pre"],
  ])("to %s is found", (given, known, wanted) => {
    expect(didYouMean(given, known)).toBe(` (did you mean ${wanted}?)`);
  });

  it.each(["", "x", "--", "resnet50", "colour", "\u{1f600}", "z".repeat(1e6)])("is not guessed for %.20s", (given) => {
    expect(didYouMean(given, [...options, ...models])).toBe("");
  });
});

it("is named by errors", () => {
  expect(messageOf(() => checkKeys("predict", { topK: 3 }, ["topk", "signal"]))).toBe(
    "predict: unknown option topK (did you mean topk?); the options are topk, signal",
  );
  expect(messageOf(() => checkChoice("mode", "los", ["tensor", "loss"]))).toBe(
    'mode: expected one of tensor, loss, got "los" (did you mean loss?)',
  );
  expect(messageOf(() => checkChoice("finalNorm", 1 as never, [true, false]))).toBe(
    "finalNorm: expected one of true, false, got 1",
  );
});
