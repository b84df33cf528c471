/** `inferenceModel`: one image, one prediction, by a model or by the name of one. */

import { findModel } from "../config/registry.js";
import { heldAll, type ImageInput } from "../image/inputs.js";
import { loadModel, type ModelOptions } from "./load.js";
import type { Model } from "./model.js";
import type { Platform } from "./platform.js";
import { checkPredict, type Prediction, type PredictOptions } from "./predict.js";

export async function inferenceModel(
  platform: Platform,
  model: string | Model,
  image: ImageInput,
  { topk, ...options }: ModelOptions & PredictOptions = {},
): Promise<Prediction> {
  if (typeof model !== "string") {
    const [found] = await model.predict(image, { ...options, topk });
    return found;
  }
  const { name, config } = findModel(model);
  // before any weights are fetched
  checkPredict(name, config, { topk });
  const images = heldAll(image);
  const chosen = options.weights !== undefined || options.pretrained !== undefined;
  const loaded = await loadModel(platform, model, chosen ? options : { ...options, weights: "pretrained" });
  try {
    const [found] = await loaded.predict(images, { topk, signal: options.signal });
    return found;
  } finally {
    loaded.dispose();
  }
}
