/** The part of the public API that is the same in every runtime. */

export type { OutType } from "../../gpu/models/vit.js";
export type { OpProfile } from "../../gpu/profile.js";
export type { SelfTest } from "../../gpu/selftest.js";
export { cosineSimilarity, row, similarity, type Vector } from "../base/similarity.js";
export { classNames } from "../checkpoint/classes.js";
export type { StoredDtype, TensorInParts, TensorToStream, TensorToWrite } from "../checkpoint/encode.js";
export { streamSafetensors, writeSafetensors } from "../checkpoint/safetensors-write.js";
export { streamTorch, type TorchOptions, writeTorch } from "../checkpoint/torch-write.js";
export type {
  Checkpoint,
  CheckpointFormat,
  CheckpointOptions,
  Opaque,
  Plain,
  PlainMap,
  Staging,
  TensorInfo,
} from "../checkpoint/types.js";
export {
  completeConfig,
  type ModelConfig,
  type PartialConfig,
  type ScoreFunction,
  transformOf,
} from "../config/config.js";
export { type PresetName, presetNames, resizeEdgeFor } from "../config/presets.js";
export { type ConfigOptions, modelConfigOf } from "../config/recipes/index.js";
export {
  embedded,
  embeddedClassifier,
  type ListOptions,
  listModels,
  type ModelInfo,
  modelInfo,
  type NewModel,
  registerModel,
} from "../config/registry.js";
export type { HogConfig } from "../config/targets.js";
export type { CallerDevice, DeviceChoice, DeviceInfo, DeviceOptions, DeviceReport, Dtype } from "../device/open.js";
export type { Drawable } from "../image/image.js";
export type { ImageInput } from "../image/inputs.js";
export type { Formats } from "../image/sniff.js";
export type { EncodedImage } from "../io/open.js";
export type { Download, DownloadCall } from "../model/download.js";
export type { EmbedOptions, EmbedPooling, FeatureOptions, OneFeature, StreamOptions } from "../model/features.js";
export type { DownloadOptions } from "../model/files.js";
export type { EmbedCall } from "../model/inference.js";
export type { ModelOptions, Progress } from "../model/load.js";
export type { ForwardOptions, LossResult, MaskInput } from "../model/masked.js";
export type { Model } from "../model/model.js";
export type { Weights } from "../model/parameters.js";
export { type Prediction, type PredictOptions, type ScoredClass, toMmpretrain } from "../model/predict.js";
export * from "./hog.js";
