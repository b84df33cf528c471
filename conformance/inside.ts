/** What the suite takes of sdk/ besides the public entries: all of it is listed here. */

export { sizeOf, type Tensor } from "../sdk/base/tensor.js";
export { openCheckpoint } from "../sdk/checkpoint/index.js";
export { openSafetensors } from "../sdk/checkpoint/safetensors.js";
export { completeConfig, type PartialConfig } from "../sdk/config/config.js";
export { countMacs, traceMain } from "../sdk/config/traced.js";
export { bestBuild } from "../sdk/device/builds.js";
export {
  type DeviceChoice,
  type DeviceInfo,
  type DeviceOptions,
  type Dtype,
  type OpenDevice,
  openDevice,
} from "../sdk/device/open.js";
export { WasmDevice } from "../sdk/device/wasm.js";
export type { Image } from "../sdk/image/image.js";
export { normalize } from "../sdk/image/transform.js";
export { bytesSource } from "../sdk/io/source.js";
export { fnv1a32, proceduralFill, u32 } from "../sdk/model/fill.js";
export type { Model } from "../sdk/model/model.js";
export type { Platform } from "../sdk/model/platform.js";
export { dataBytes } from "../sdk/wasm/data.js";
export { f16ToF32, f32ToF16 } from "../sdk/wasm/half.js";
