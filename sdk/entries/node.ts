/** The package in Node, and the types and texts of all runtimes. */

import { MaskFeatError } from "../../gpu/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Checkpoint, CheckpointOptions } from "../checkpoint/types.js";
import type { PartialConfig } from "../config/config.js";
import { type DeviceReport, listDevices } from "../device/open.js";
import type { Image } from "../image/image.js";
import type { ImageInput } from "../image/inputs.js";
import type { EncodedImage } from "../io/open.js";
import { type Download, type DownloadCall, downloadFile } from "../model/download.js";
import type { FeatureOptions, OneFeature } from "../model/features.js";
import type { EmbedCall } from "../model/inference.js";
import * as inference from "../model/inference.js";
import { loadModel, type ModelOptions } from "../model/load.js";
import type { Model } from "../model/model.js";
import type { Prediction, PredictOptions } from "../model/predict.js";
import { nodePlatform } from "../platform/node.js";
import * as files from "./files.js";

export * from "./public.js";

/**
 * `work`, whose errors name the line that calls `caller`. For an uncaught error Node prints the line where it was made: that would be a
 * line of this package, or a whole bundle if that is one line.
 */
async function named<T>(caller: (...args: never[]) => unknown, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof MaskFeatError) Error.captureStackTrace(error, caller);
    throw error;
  }
}

/**
 * Loads a model: a registered name (`listModels`) or a configuration, with `weights`; a folder by path or URL with `config.json` and its
 * weights, or `owner/name` on the Hugging Face hub; without arguments, the embedded model. Weights given as bytes are not copied: do not
 * change them until the model is loaded.
 * @throws OptionError, FileError, CheckpointError, NonFiniteError, DeviceError; AbortError
 */
export async function getModel(model?: string | URL | PartialConfig, options?: ModelOptions): Promise<Model> {
  return await named(getModel, loadModel(nodePlatform, model, options));
}

/**
 * Embeddings of one image or an array of images: a Tensor [n,C]. By the embedded model, by the `model` given, or by one that is loaded as
 * `getModel` does it: a registered name with `weights`, a folder or a name on the hub. A model that is loaded here is kept for the next call.
 * @throws as `getModel` and `model.embed`
 */
export async function embed(x: ImageInput | readonly ImageInput[], options?: EmbedCall): Promise<Tensor> {
  return await named(embed, inference.embed(nodePlatform, x, options));
}

/**
 * Features of one image or an array of images by the embedded model, which is kept for the next call: by default what `embed` gives, [B,C];
 * with `outType` or one index one tensor, with several `outIndices` a list of tensors.
 * @throws as `getModel` and `model.extractFeat`
 */
export async function extractFeat(x: ImageInput | readonly ImageInput[], options?: OneFeature): Promise<Tensor>;
export async function extractFeat(
  x: ImageInput | readonly ImageInput[],
  options: FeatureOptions,
): Promise<Tensor | Tensor[]>;
export async function extractFeat(
  x: ImageInput | readonly ImageInput[],
  options?: FeatureOptions,
): Promise<Tensor | Tensor[]> {
  return await named(extractFeat, inference.extractFeat(nodePlatform, x, options));
}

/**
 * Classifies one image, as mmpretrain's function of this name: by a classifier, or by one that is loaded by name with its published weights
 * (or with `weights`) and kept for the next call.
 * @throws as `getModel` and `model.predict`; OptionError for a model without classes
 */
export async function inferenceModel(
  model: string | URL,
  image: ImageInput,
  options?: ModelOptions & PredictOptions,
): Promise<Prediction>;
export async function inferenceModel(model: Model, image: ImageInput, options?: PredictOptions): Promise<Prediction>;
export async function inferenceModel(
  model: string | URL | Model,
  image: ImageInput,
  options?: ModelOptions & PredictOptions,
): Promise<Prediction> {
  return await named(inferenceModel, inference.inferenceModel(nodePlatform, model, image, options));
}

/**
 * Decodes a JPEG, PNG or WebP image to RGB exactly as OpenCV does: EXIF orientation applied, colour profile ignored, alpha dropped.
 * `formats: "any"` takes other formats too, without that promise.
 * @throws FileError, ImageError; AbortError
 */
export async function decode(image: EncodedImage, options?: files.DecodeOptions): Promise<Image> {
  return await named(decode, files.decode(nodePlatform, image, options));
}

/**
 * Downloads a checkpoint, unless it is in the cache, and verifies it: that of a registered model, or one at an http or https URL.
 * @throws OptionError, FileError; AbortError
 */
export async function download(from: string | URL, options?: DownloadCall): Promise<Download> {
  return await named(download, downloadFile(nodePlatform, from, options));
}

/**
 * Opens a checkpoint (`.pth` of PyTorch, `.safetensors`, `.npz`) by path, URL, bytes or Blob: names, shapes and metadata at once, each tensor
 * when it is asked for. Nothing in the file is ever run. Close it when done. Bytes are not copied: do not change them until then. If a
 * server supports ranges and sends ETag or Last-Modified, only what is read is transferred. `signal` also ends later reads.
 * @throws FileError, CheckpointError; AbortError
 */
export async function openCheckpoint(
  file: EncodedImage,
  options?: { signal?: AbortSignal } & CheckpointOptions,
): Promise<Checkpoint> {
  return await named(openCheckpoint, files.openCheckpoint(nodePlatform, file, options));
}

/** The devices of this runtime, usable or not. */
export function devices(): Promise<DeviceReport[]> {
  return listDevices(nodePlatform);
}

/** For example "node 20.20.2". */
export const runtime: string = nodePlatform.runtime;
