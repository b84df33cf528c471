/** The part of the public API that is the same in every runtime. */

export type { OutType } from "../gpu/models/vit.js";
export type { OpProfile } from "../gpu/profile.js";
export type { SelfTest } from "../gpu/selftest.js";
export { classNames } from "./checkpoint/classes.js";
export type { StoredDtype, TensorToStream, TensorToWrite } from "./checkpoint/encode.js";
export { streamSafetensors, writeSafetensors } from "./checkpoint/safetensors-write.js";
export { streamTorch, type TorchOptions, writeTorch } from "./checkpoint/torch-write.js";
export type { Checkpoint, CheckpointFormat, Opaque, Plain, PlainMap, Staging, TensorInfo } from "./checkpoint/types.js";
export {
  completeConfig,
  type HogConfig,
  type ModelConfig,
  type PartialConfig,
  transformOf,
} from "./config.js";
export type { CallerDevice, DeviceChoice, DeviceInfo, DeviceOptions, DeviceReport, Dtype } from "./device.js";
export type { Download } from "./download/api.js";
export type { DownloadOptions } from "./download/weights.js";
export type { FeatureOptions, ForwardOptions, LossResult, MaskInput, StreamOptions } from "./forward.js";
export * from "./hog.js";
export type { EncodedImage, ImageInput } from "./inputs.js";
export type { ModelOptions, Progress } from "./load.js";
export type { Model } from "./model.js";
export type { Weights } from "./parameters.js";
export type { Drawable } from "./platform/types.js";
export type { Prediction, PredictOptions, ScoredClass } from "./predict.js";
export { type PresetName, presetNames, resizeEdgeFor } from "./presets.js";
export { type ConfigOptions, modelConfigOf } from "./recipes/index.js";
export {
  embedded,
  embeddedClassifier,
  type ListOptions,
  listModels,
  type ModelInfo,
  modelInfo,
  type NewModel,
  registerModel,
} from "./registry.js";
