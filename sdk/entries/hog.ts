/** Only the data side, for every runtime: transforms, HOG, masks, random streams, half precision, arrays. No model, no platform. */

export * from "../../gpu/errors.js";
export { type Tensor, tensor } from "../base/tensor.js";
export {
  type ArrayInParts,
  type ArrayToWrite,
  type FileParts,
  type NpyArray,
  readNpy,
  streamNpy,
  streamNpyStrings,
  streamNpz,
  writeNpy,
  writeNpyStrings,
  writeNpz,
} from "../checkpoint/npy.js";
export { type HogOptions, type HogPictureOptions, hog, hogCells, hogImage, hogPicture } from "../image/hog.js";
export type { Image } from "../image/image.js";
export { type BlockMaskOptions, blockMask, type CubeMaskOptions, cubeMask, type Mask } from "../image/mask.js";
export {
  type RandomRegionOptions,
  type RandomResizedCropOptions,
  type Range,
  randomRegion,
  randomResizedCrop,
} from "../image/random-crop.js";
export { type Mt19937, mt19937numpy, mt19937python, type Rng } from "../image/rng.js";
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
} from "../image/transform.js";
export { useWasm } from "../wasm/core.js";
export { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "../wasm/half.js";
