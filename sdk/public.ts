/** The part of the public API that is the same in every runtime. */

export * from "../gpu/errors.js";
export type { OutType } from "../gpu/models/vit.js";
export type { OpProfile } from "../gpu/profile.js";
export type { SelfTest } from "../gpu/selftest.js";
export { type ArrayToWrite, type NpyArray, readNpy, writeNpy, writeNpyStrings, writeNpz } from "./checkpoint/npy.js";
export { type TensorToWrite, writeSafetensors } from "./checkpoint/safetensors-write.js";
export {
  completeConfig,
  type HogConfig,
  type ModelConfig,
  type PartialConfig,
  resizeEdgeFor,
  transformOf,
} from "./config.js";
export type { DeviceChoice, DeviceInfo, DeviceOptions, DeviceReport, Dtype } from "./device.js";
export type { FeatureOptions, ForwardOptions, LossResult, MaskInput, StreamOptions } from "./forward.js";
export { type HogOptions, type HogPictureOptions, hog, hogCells, hogImage, hogPicture } from "./image/hog.js";
export { type BlockMaskOptions, blockMask, type CubeMaskOptions, cubeMask, type Mask } from "./image/mask.js";
export { type Mt19937, mt19937numpy, mt19937python } from "./image/rng.js";
export {
  centerCrop,
  crop,
  flip,
  normalize,
  preprocess,
  type RawPixels,
  resize,
  resizeEdge,
  toImage,
} from "./image/transform.js";
export type { EncodedImage, ImageInput } from "./inputs.js";
export type { ModelOptions, Progress } from "./load.js";
export type { Model } from "./model.js";
export type { Weights } from "./parameters.js";
export type { Drawable, Image } from "./platform/types.js";
export { embedded, type ListOptions, listModels, type ModelInfo, modelInfo } from "./registry.js";
export { type Tensor, tensor } from "./tensor.js";
export { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "./wasm/half.js";
