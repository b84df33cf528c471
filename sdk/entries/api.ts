/** The part of the public API that needs a platform: files, decoding, threads. Entry files bind theirs. */

import { checkKeys } from "../base/check.js";
import type { Tensor } from "../base/tensor.js";
import { openCheckpoint } from "../checkpoint/index.js";
import type { Checkpoint, CheckpointOptions } from "../checkpoint/types.js";
import type { PartialConfig } from "../config/config.js";
import { type DeviceReport, listDevices } from "../device/open.js";
import type { Image } from "../image/image.js";
import { decodeImage, held, heldAll, type ImageInput } from "../image/inputs.js";
import { besideOf, type EncodedImage, openBytes } from "../io/open.js";
import { type Download, type DownloadCall, downloadFile } from "../model/download.js";
import type { FeatureOptions } from "../model/features.js";
import { inferenceModel } from "../model/inference.js";
import { loadModel, type ModelOptions } from "../model/load.js";
import type { Model } from "../model/model.js";
import type { Platform } from "../model/platform.js";
import type { Prediction, PredictOptions } from "../model/predict.js";

type OneFeature = FeatureOptions & { readonly outIndices?: readonly [number] };

export interface Api {
  /**
   * Loads a model: a registered name (`listModels`) or a configuration, with `weights`; a folder by path or URL with `config.json` and its
   * weights, or `owner/name` on the Hugging Face hub; without all, the embedded model. Weights given as bytes are not copied: leave them as
   * they are until the model is there.
   * @throws OptionError, FileError, CheckpointError, NonFiniteError, DeviceError; AbortError
   */
  getModel(model?: string | URL | PartialConfig, options?: ModelOptions): Promise<Model>;
  /**
   * Features of one image or several by the embedded model, which is kept for the next call: by default the mean of the patch tokens after
   * the last block, [B,C]; a list of tensors if `outIndices` names several blocks.
   * @throws as `getModel` and `model.extractFeat`
   */
  extractFeat(x: ImageInput | readonly ImageInput[], options?: OneFeature): Promise<Tensor>;
  extractFeat(x: ImageInput | readonly ImageInput[], options: FeatureOptions): Promise<Tensor | Tensor[]>;
  /**
   * What a classifier says of one image: mmpretrain's shortcut. A registered name is loaded with its published weights (unless `weights`
   * say else) and disposed again; for more than one image make a model once.
   * @throws as `getModel` and `model.predict`; OptionError for a pre-training model.
   */
  inferenceModel(model: string | URL, image: ImageInput, options?: ModelOptions & PredictOptions): Promise<Prediction>;
  inferenceModel(model: Model, image: ImageInput, options?: PredictOptions): Promise<Prediction>;
  /**
   * Decodes a JPEG, PNG or WebP image to RGB exactly as OpenCV does: EXIF orientation applied, colour profile ignored, alpha dropped.
   * @throws FileError, ImageError
   */
  decode(image: EncodedImage, options?: { signal?: AbortSignal }): Promise<Image>;
  /**
   * Downloads a checkpoint, unless it is kept already, and verifies it: of a registered model, or behind a http or https URL.
   * @throws OptionError, FileError; AbortError
   */
  download(from: string | URL, options?: DownloadCall): Promise<Download>;
  /**
   * Opens a checkpoint (`.pth` of PyTorch, `.safetensors`) by path, URL, bytes or Blob: names, shapes and metadata at once, each tensor when
   * it is asked for. Nothing in the file is ever run. Close it when done; bytes are not copied, so leave them as they are until then. If a
   * server supports ranges and sends ETag or Last-Modified, only what is read is transferred; `signal` ends reading from it, too.
   * @throws FileError, CheckpointError; AbortError
   */
  openCheckpoint(file: EncodedImage, options?: { signal?: AbortSignal } & CheckpointOptions): Promise<Checkpoint>;
  /** The devices of this runtime, usable or not. */
  devices(): Promise<DeviceReport[]>;
  /** For example "node 20.20.2". */
  readonly runtime: string;
}

export function bindApi(platform: Platform): Api {
  let embedded: Promise<Model> | undefined;
  return {
    getModel: (model, options) => loadModel(platform, model, options),
    extractFeat: (async (x, options = {}) => {
      const images = heldAll(x);
      embedded ??= loadModel(platform);
      embedded.catch(() => {
        embedded = undefined;
      });
      const model = await embedded;
      const { outType = "avg_featmap", outIndices = [-1] } = options;
      const feats = await model.extractFeat(images, { ...options, outType, outIndices });
      return outIndices.length > 1 ? feats : feats[0];
    }) as Api["extractFeat"],
    inferenceModel: (model: string | URL | Model, image: ImageInput, options?: ModelOptions & PredictOptions) =>
      inferenceModel(platform, model, image, options),
    async decode(image, options = {}) {
      checkKeys("decode", options, ["signal"]);
      return decodeImage(platform, held(image) as EncodedImage, options.signal);
    },
    download: (from, options) => downloadFile(platform, from, options),
    async openCheckpoint(file, options = {}) {
      checkKeys("openCheckpoint", options, ["signal", "ema"]);
      const open = (from: EncodedImage) => openBytes(platform, from, { ...options, ranges: true });
      return openCheckpoint(await open(file), (name) => open(besideOf(file, name)), options);
    },
    devices: () => listDevices(platform),
    runtime: platform.runtime,
  };
}
