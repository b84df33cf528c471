/** A model: a configuration, parameters on a device, and what can be done with them. */

import type { Device, RunOptions } from "../../gpu/device.js";
import { MaskFeatError, OptionError } from "../../gpu/errors.js";
import { patchGrid } from "../../gpu/models/nn.js";
import { type OpProfile, Profiler } from "../../gpu/profile.js";
import { oneAhead } from "../base/ahead.js";
import { checkChoice, checkInteger, checkKeys } from "../base/check.js";
import { concat, type Tensor } from "../base/tensor.js";
import { type ModelConfig, transformOf } from "../config/config.js";
import type { DeviceInfo } from "../device/open.js";
import { eachHeld, heldAll, type ImageInput, toBatch, toBatches } from "../image/inputs.js";
import {
  type EmbedOptions,
  type FeatureOptions,
  featuresOf,
  featuresToEmbed,
  normalizeVectors,
  type StreamOptions,
} from "./features.js";
import { type ForwardOptions, heldMask, type LossResult, maskedForward } from "./masked.js";
import type { Platform } from "./platform.js";
import { checkPredict, type Prediction, type PredictOptions, predictions } from "./predict.js";
import type { Runner, Work } from "./runner.js";

/** What `getModel` puts together. */
export interface ModelParts
  extends Pick<Model, "name" | "config" | "classes" | "weights" | "trained" | "warnings" | "fresh"> {
  readonly platform: Platform;
  readonly outIndices: readonly number[];
  readonly device: Device;
  readonly deviceInfo: DeviceInfo;
  readonly runner: Runner<unknown>;
  readonly onWarning?: (warning: string) => void;
}

/** Images that one call prepares and runs at a time, so that a long list needs little memory. */
const CHUNK = 16;

export class Model {
  /** The registered name, or "custom". */
  readonly name: string;
  readonly config: ModelConfig;
  /** The names of a classifier's classes by label, where they are known. */
  readonly classes?: readonly string[];
  /** Where the weights come from. */
  readonly weights: string;
  /** Whether the weights come from a training run rather than from a formula. */
  readonly trained: boolean;
  /**
   * What loading left out, filled in or resized, each in a sentence; empty where the weights fit as they are. Grows where an image of
   * another size needs other positions, once for each size.
   */
  readonly warnings: readonly string[] = [];
  /** Parameters that the weights lacked and that began as the reference initialises them. */
  readonly fresh: readonly string[];
  readonly device: DeviceInfo;

  /** Undefined once the model is disposed, so that nothing keeps its memory alive. */
  private held?: ModelParts;
  private last: Promise<unknown> = Promise.resolve();
  private disposed = false;

  /** @internal Models come from `getModel`: what they are made of is no part of the types. */
  constructor(parts: ModelParts) {
    this.held = parts;
    this.name = parts.name;
    this.config = parts.config;
    this.classes = parts.classes;
    this.weights = parts.weights;
    this.trained = parts.trained;
    this.fresh = parts.fresh;
    this.device = parts.deviceInfo;
    for (const warning of parts.warnings) this.warn(warning);
  }

  private warn(warning: string): void {
    (this.warnings as string[]).push(warning);
    this.held?.onWarning?.(warning);
  }

  /** Tells that positions are resized for images [B,3,H,W] of another size, once for each grid. */
  private checkSize([, , height, width]: readonly number[]): void {
    const { imageSize, patchSize, positions = "bicubic" } = this.config;
    const [own, grid] = [
      [imageSize, imageSize],
      [height, width],
    ].map(([h, w]) => patchGrid(h, w, patchSize).join("x"));
    if (grid === own) return;
    const how = positions === "antialias" ? "bicubic, antialiased" : "bicubic";
    const grids = `from ${own} to ${grid} patches`;
    const warning = `${this.name}: for images of ${width}x${height} pixels the position embedding is resized ${grids} (${how})`;
    if (!this.warnings.includes(warning)) this.warn(warning);
  }

  /** @internal Compiles `extractFeat` of one image of the model's own size: what fails then fails while the model loads. */
  async prepare(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const side = this.config.imageSize;
    await this.parts.runner.prepare(this.features("prepare", {}), { images: [1, 3, side, side] });
  }

  /**
   * Embeddings of one image or an array of images of any sizes: one vector for each, [n,C], whatever the kind of model. `pooling` chooses
   * the class token or the mean of the patch tokens. As in every method here, bytes, pixels, tensors and masks are copied at the call;
   * files, URLs and what a browser draws are read later, when their turn comes.
   * @throws ImageError, FileError, ShapeError, OptionError, NonFiniteError; AbortError
   */
  async embed(x: ImageInput | readonly ImageInput[], options: EmbedOptions = {}): Promise<Tensor> {
    const [embeddings] = await this.stages(heldAll(x), featuresToEmbed(options, this.config));
    return embeddings;
  }

  /**
   * Features of one image or an array of images of one size: one tensor for each stage, the batch in front.
   * @throws ImageError, FileError, ShapeError, OptionError, NonFiniteError; AbortError
   */
  async extractFeat(x: ImageInput | readonly ImageInput[], options: FeatureOptions = {}): Promise<Tensor[]> {
    return this.stages(heldAll(x), options);
  }

  private async stages(images: readonly ImageInput[], options: FeatureOptions): Promise<Tensor[]> {
    const work = this.features("extractFeat", options);
    const parts = await this.eachChunk(images, work, { signal: options.signal });
    const stages = work.outIndices.map((_, i) => concat(parts.map((part) => part[i])));
    return options.normalize ? stages.map((stage) => normalizeVectors(stage, work.outType)) : stages;
  }

  /** `extractFeat` over a sequence of images, batch by batch: the next one is read and prepared while this one is computed. */
  async *extractFeatStream(
    images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    { batchSize = 8, ...options }: StreamOptions = {},
  ): AsyncGenerator<Tensor[]> {
    checkInteger("batchSize", batchSize, 1, 65536);
    const batches = toBatches(
      this.parts.platform,
      eachHeld(images),
      transformOf(this.config),
      batchSize,
      options.signal,
    );
    for await (const batch of oneAhead(batches)) yield await this.stages([batch], options);
  }

  /**
   * "tensor": what `model(inputs)` gives in the reference: features of a pre-training model, logits [B,classes] of a classifier.
   * "predict": the predicted target [B,N,F] of every patch, with `mask` hidden from the model. "loss": the masked loss.
   * @throws as `extractFeat`; OptionError if the model has no such mode or the mask hides nothing.
   */
  forward(x: ImageInput | readonly ImageInput[], options: ForwardOptions & { mode: "loss" }): Promise<LossResult>;
  forward(x: ImageInput | readonly ImageInput[], options: ForwardOptions & { mode: "predict" }): Promise<Tensor>;
  forward(x: ImageInput | readonly ImageInput[], options?: ForwardOptions & { mode?: "tensor" }): Promise<Tensor[]>;
  async forward(
    x: ImageInput | readonly ImageInput[],
    options: ForwardOptions = {},
  ): Promise<Tensor[] | Tensor | LossResult> {
    checkKeys("forward", options, ["mask", "mode", "signal"]);
    const { mode = "tensor", signal } = options;
    checkChoice("mode", mode, ["tensor", "predict", "loss"]);
    if (mode === "tensor" && options.mask !== undefined)
      throw new OptionError(
        "OPT_VALUE",
        "forward: mask belongs to the modes predict and loss; mode tensor hides nothing",
      );
    if (mode === "tensor")
      return this.config.kind === "classifier" ? [await this.logits(x, signal)] : this.extractFeat(x, { signal });
    if (this.config.kind !== "pretrain") {
      throw new OptionError(
        "OPT_VALUE",
        `${this.name} is a ${this.config.kind}: mode ${mode} is for pre-training models`,
      );
    }
    const [list, mask] = [heldAll(x), heldMask(options.mask)];
    return this.inTurn(async () => {
      const images = await toBatch(this.parts.platform, list, transformOf(this.config), signal);
      return maskedForward(this.parts.runner, this.config, images, { ...options, mask });
    });
  }

  /**
   * What a classifier says of one image or an array of images of one size: a prediction for each, in order.
   * @throws as `extractFeat`; OptionError for a pre-training model, which has no classes.
   */
  async predict(x: ImageInput | readonly ImageInput[], options: PredictOptions = {}): Promise<Prediction[]> {
    checkPredict(this.name, this.config, options);
    return predictions(await this.logits(x, options.signal), { ...options, ...this.config, classes: this.classes });
  }

  /** Time, FLOPs and bytes of each op of one `extractFeat` of `x`, the slowest first. */
  async profile(x: ImageInput, options: Omit<FeatureOptions, "normalize"> = {}): Promise<OpProfile[]> {
    const work = this.features("profile", options);
    const profiler = new Profiler();
    await this.eachChunk(heldAll(x), work, { signal: options.signal, profiler });
    return profiler.table();
  }

  /** Bytes of the device's memory: in use, held, and the most that was in use. */
  memory(): { used: number; allocated: number; peak: number } {
    return this.disposed ? { used: 0, allocated: 0, peak: 0 } : this.parts.device.memory();
  }

  /** Frees the model's memory and ends its threads once the calls under way are done. Using the model afterwards is an error. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.last = this.last.then(() => {
      const parts = this.held;
      this.held = undefined;
      parts?.device.destroy();
    });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private get parts(): ModelParts {
    if (!this.held) throw this.gone();
    return this.held;
  }

  private gone(): MaskFeatError {
    return new MaskFeatError("MODEL_DISPOSED", `${this.name}: the model was disposed; make a new one`);
  }

  private async logits(x: ImageInput | readonly ImageInput[], signal?: AbortSignal): Promise<Tensor> {
    const parts = await this.eachChunk(heldAll(x), { name: "logits" }, { signal });
    return concat(parts.map(([logits]) => logits));
  }

  private features(call: string, options: FeatureOptions) {
    return featuresOf(call, options, this.config, this.parts.outIndices);
  }

  /** Runs `work` on a few images at a time while the next are prepared; the outputs of all micro-batches. */
  private eachChunk(images: readonly ImageInput[], work: Work, options: RunOptions): Promise<Tensor[][]> {
    return this.inTurn(async () => {
      const chunks = toBatches(this.parts.platform, images, transformOf(this.config), CHUNK, options.signal);
      const parts: Tensor[][] = [];
      for await (const images of oneAhead(chunks)) {
        parts.push(...(await this.parts.runner.run(work, { images }, options)));
        this.checkSize(images.shape);
      }
      return parts;
    });
  }

  /** Runs `work` after all calls made before. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.disposed) return Promise.reject(this.gone());
    const result = this.last.then(work, work);
    this.last = result.catch(() => {});
    return result;
  }
}
