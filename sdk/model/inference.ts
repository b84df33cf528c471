/** Functions that need no model at hand: they take one, load one by name, or use the embedded one. */

import { OptionError } from "../../gpu/errors.js";
import { checkKeys } from "../base/check.js";
import type { Tensor } from "../base/tensor.js";
import { findModel } from "../config/registry.js";
import { heldAll, type ImageInput } from "../image/inputs.js";
import type { EmbedOptions, FeatureOptions } from "./features.js";
import { folderOf } from "./folder.js";
import { embeddedModel, withNamed } from "./kept.js";
import { type ModelOptions, modelOptions } from "./load.js";
import type { Model } from "./model.js";
import type { Platform } from "./platform.js";
import { checkPredict, type Prediction, type PredictOptions } from "./predict.js";

/** Options of `embed` at the top level: a model, or a name and how to load it. */
export type EmbedCall = EmbedOptions & ModelOptions & { readonly model?: string | URL | Model };

type Images = ImageInput | readonly ImageInput[];

/** @throws OptionError if it is neither a model nor a name */
function checkModel(call: string, model: unknown): void {
  if (
    isName(model) ||
    (typeof (model as Model)?.embed === "function" && typeof (model as Model).predict === "function")
  )
    return;
  const hint =
    model instanceof Promise
      ? "await getModel first"
      : "expected a Model, a registered name, a folder or a URL; a configuration goes to getModel";
  throw new OptionError("OPT_VALUE", `${call}: model: ${hint}, got ${Object.prototype.toString.call(model)}`);
}

const isName = (model: unknown): model is string | URL => typeof model === "string" || model instanceof URL;

export async function inferenceModel(
  platform: Platform,
  model: string | URL | Model,
  image: ImageInput,
  { topk, ...options }: ModelOptions & PredictOptions = {},
): Promise<Prediction> {
  checkModel("inferenceModel", model);
  if (Array.isArray(image)) {
    throw new OptionError(
      "OPT_VALUE",
      "inferenceModel: expected one image, got a list; for several call model.predict",
    );
  }
  const images = heldAll(image);
  const predict = async (loaded: Model, o: PredictOptions) => (await loaded.predict(images, { ...o, topk }))[0];
  if (!isName(model)) return predict(model, options);
  const { signal, weights, pretrained } = options;
  let all: ModelOptions = options;
  if (!(await folderOf(platform, model))) {
    const { name, config } = findModel(String(model));
    // before any weights are fetched
    checkPredict(name, config, { topk });
    if (weights === undefined && pretrained === undefined) all = { ...options, weights: "pretrained" };
  }
  return withNamed(platform, model, all, (loaded) => predict(loaded, { signal }));
}

export async function embed(platform: Platform, x: Images, given: EmbedCall = {}): Promise<Tensor> {
  checkKeys("embed", given, Object.keys(Object(given)));
  const { model, pooling, normalize, signal, ...options } = given;
  if (model !== undefined) checkModel("embed", model);
  const forLoading = Object.keys(options).filter((key) => modelOptions.includes(key as keyof ModelOptions));
  if (!isName(model) && forLoading.length > 0) {
    const why = model ? "the model is loaded already" : "the default model is loaded without options";
    const hint = "they go with a model by name, or with getModel";
    throw new OptionError("OPT_VALUE", `embed: ${forLoading.join(", ")}: ${why}; ${hint}`);
  }
  const images = heldAll(x);
  const o = { pooling, normalize, signal };
  if (isName(model)) {
    return withNamed(platform, model, { ...options, signal }, (loaded) => loaded.embed(images, o));
  }
  return (model ?? (await embeddedModel(platform))).embed(images, { ...options, ...o });
}

/** The embedded model's features: those that `embed` gives unless the options say else; one tensor unless `outIndices` has several blocks. */
export async function extractFeat(
  platform: Platform,
  x: Images,
  options: FeatureOptions = {},
): Promise<Tensor | Tensor[]> {
  const images = heldAll(x);
  const model = await embeddedModel(platform);
  const { outType = model.config.pooling, outIndices = [-1] } = options;
  const feats = await model.extractFeat(images, { ...options, outType, outIndices });
  return outIndices.length > 1 ? feats : feats[0];
}
