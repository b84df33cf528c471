/** `inferenceModel`: one image, one prediction, by a model or by the name of one. */

import { findModel } from "../config/registry.js";
import { heldAll, type ImageInput } from "../image/inputs.js";
import { folderOf } from "./folder.js";
import { loadModel, type ModelOptions } from "./load.js";
import type { Model } from "./model.js";
import type { Platform } from "./platform.js";
import { checkPredict, type Prediction, type PredictOptions } from "./predict.js";

export async function inferenceModel(
  platform: Platform,
  model: string | URL | Model,
  image: ImageInput,
  { topk, ...options }: ModelOptions & PredictOptions = {},
): Promise<Prediction> {
  if (!(typeof model === "string" || model instanceof URL)) {
    const [found] = await model.predict(image, { ...options, topk });
    return found;
  }
  const images = heldAll(image);
  const loaded = await loadModel(platform, model, await withPublished(platform, model, topk, options));
  try {
    const [found] = await loaded.predict(images, { topk, signal: options.signal });
    return found;
  } finally {
    loaded.dispose();
  }
}

/** The options for a registered model, whose weights are the published ones unless others are named; a folder has its own. */
async function withPublished(
  platform: Platform,
  model: string | URL,
  topk: number | undefined,
  options: ModelOptions,
): Promise<ModelOptions> {
  if (await folderOf(platform, model)) return options;
  const { name, config } = findModel(String(model));
  // before any weights are fetched
  checkPredict(name, config, { topk });
  const chosen = options.weights !== undefined || options.pretrained !== undefined;
  return chosen ? options : { ...options, weights: "pretrained" };
}
