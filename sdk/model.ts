/** A model: a configuration, parameters on a device, and what can be done with them. */

import type { Device, RunOptions } from "../gpu/device.js";
import { MaskFeatError, OptionError, ShapeError } from "../gpu/errors.js";
import { traceClassifier, traceFeatures, tracePretrain } from "../gpu/models/maskfeat.js";
import type { OutType } from "../gpu/models/vit.js";
import { type OpProfile, Profiler } from "../gpu/profile.js";
import { checkChoice, checkInteger, checkKeys } from "./check.js";
import { type ModelConfig, outTypes, targetWidth } from "./config.js";
import type { DeviceInfo } from "./device.js";
import {
  type FeatureOptions,
  type ForwardOptions,
  featureKeys,
  type LossResult,
  resolveIndices,
  type StreamOptions,
  toMask,
} from "./forward.js";
import { hog } from "./image/hog.js";
import { concat, type ImageInput, toTensor } from "./inputs.js";
import { normalizeVectors } from "./normalize.js";
import type { Parameters } from "./parameters.js";
import type { Platform } from "./platform/types.js";
import type { Runner, Task } from "./runner.js";
import type { Tensor } from "./tensor.js";

/** What `getModel` puts together. */
export interface ModelParts {
  readonly platform: Platform;
  readonly name: string;
  readonly config: ModelConfig;
  readonly outIndices: readonly number[];
  readonly weights: string;
  readonly trained: boolean;
  readonly warnings: readonly string[];
  readonly device: Device;
  readonly deviceInfo: DeviceInfo;
  readonly parameters: Parameters<unknown>;
  readonly runner: Runner<unknown>;
  /** Frees the device and closes the source of the weights. */
  close(): Promise<void>;
}

/** Images that one call prepares and runs at a time, so that a long list needs little memory. */
const CHUNK = 16;

export class Model {
  /** The registered name, or "custom". */
  readonly name: string;
  readonly config: ModelConfig;
  /** Where the weights come from. */
  readonly weights: string;
  /** Whether the weights come from a training run rather than from a formula. */
  readonly trained: boolean;
  /** What loading left out, filled in or resized, each in a sentence; empty where the weights fit as they are. */
  readonly warnings: readonly string[];
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
    this.weights = parts.weights;
    this.trained = parts.trained;
    this.warnings = parts.warnings;
    this.device = parts.deviceInfo;
  }

  /** @internal Compiles `extractFeat` of one image of the model's own size: what fails then fails while the model loads. */
  async prepare(signal?: AbortSignal): Promise<void> {
    const { outType, outIndices } = this.featureOptions({});
    const side = this.config.imageSize;
    await this.parts.runner.prepare(this.featureTask([3, side, side], outType, outIndices), signal);
  }

  /** Parameters that the weights lacked and that were set to the identity. */
  get fresh(): readonly string[] {
    return this.parts.parameters.fresh;
  }

  /**
   * Features of one image or an array of images of one size: one tensor for each stage, the batch in front.
   * @throws ImageError, FileError, ShapeError, OptionError, NonFiniteError; AbortError
   */
  async extractFeat(x: ImageInput | readonly ImageInput[], options: FeatureOptions = {}): Promise<Tensor[]> {
    checkKeys("extractFeat", options, featureKeys);
    const { outType, outIndices } = this.featureOptions(options);
    const parts = await this.runFeatures(x, outType, outIndices, options);
    const stages = outIndices.map((_, i) => concat(parts.map((part) => part[i])));
    return options.normalize ? stages.map((stage) => normalizeVectors(stage, outType)) : stages;
  }

  /** `extractFeat` over a sequence of images, batch by batch. */
  async *extractFeatStream(
    images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    { batchSize = 8, ...options }: StreamOptions = {},
  ): AsyncGenerator<Tensor[]> {
    checkInteger("batchSize", batchSize, 1, 65536);
    let batch: ImageInput[] = [];
    for await (const image of images) {
      batch.push(image);
      if (batch.length === batchSize) {
        yield await this.extractFeat(batch, options);
        batch = [];
      }
    }
    if (batch.length > 0) yield await this.extractFeat(batch, options);
  }

  /**
   * "tensor": what `model(inputs)` gives in the reference: features of a pre-training model, logits [B,classes] of a classifier.
   * "predict": the predicted HOG [B,N,F] of every patch, with `mask` hidden from the model. "loss": the masked loss.
   * @throws as `extractFeat`; OptionError where the model has no such mode or the mask hides nothing.
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
    if (mode === "tensor")
      return this.config.kind === "classifier" ? [await this.logits(x, signal)] : this.extractFeat(x, { signal });
    if (this.config.kind !== "pretrain") {
      throw new OptionError(
        "OPT_VALUE",
        `${this.name} is a ${this.config.kind}: mode ${mode} is for pre-training models`,
      );
    }
    return mode === "predict" ? this.predictHog(x, options) : this.loss(x, options);
  }

  /** Time, FLOPs and bytes of each op of one `extractFeat` of `x`, the slowest first. */
  async profile(x: ImageInput, options: FeatureOptions = {}): Promise<OpProfile[]> {
    checkKeys("profile", options, featureKeys);
    const { outType, outIndices } = this.featureOptions(options);
    const profiler = new Profiler();
    await this.runFeatures(x, outType, outIndices, { signal: options.signal, profiler });
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
      return parts?.close();
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

  private runFeatures(
    x: ImageInput | readonly ImageInput[],
    outType: OutType,
    outIndices: readonly number[],
    options: RunOptions,
  ): Promise<Tensor[][]> {
    return this.eachChunk(x, options.signal, (images) => {
      const [batch, ...item] = images.shape;
      const task = this.featureTask(item, outType, outIndices);
      return this.parts.runner.run(task, batch, { images: images.data }, options);
    });
  }

  /** Features of images of the shape `item`. */
  private featureTask(item: readonly number[], outType: OutType, outIndices: readonly number[]): Task {
    const o = { outType, outIndices, finalNorm: this.config.finalNorm };
    const trace = (batch: number) => traceFeatures(this.config, [batch, ...item], o);
    return { key: `features ${outType} ${outIndices} ${item}`, trace };
  }

  private async logits(x: ImageInput | readonly ImageInput[], signal?: AbortSignal): Promise<Tensor> {
    const { config } = this;
    const parts = await this.eachChunk(x, signal, (images) => {
      const [batch, ...item] = images.shape;
      const trace = (b: number) =>
        traceClassifier(config, config.numClasses, [b, ...item], config.finalNorm, config.pooling);
      return this.parts.runner.run({ key: `logits ${item}`, trace }, batch, { images: images.data }, { signal });
    });
    return concat(parts.map(([logits]) => logits));
  }

  private async predictHog(x: ImageInput | readonly ImageInput[], options: ForwardOptions): Promise<Tensor> {
    return this.masked(x, options, false, async (images, mask) => {
      const inputs = { images: images.data, mask: mask.data };
      const parts = await this.parts.runner.run(this.pretrainTask(images, false), images.shape[0], inputs, options);
      return concat(parts.map(([pred]) => pred));
    });
  }

  private async loss(x: ImageInput | readonly ImageInput[], options: ForwardOptions): Promise<LossResult> {
    return this.masked(x, options, true, async (images, mask) => {
      const target = hog(images, { ...this.config.hog, patchSize: this.config.patchSize });
      const inputs = { images: images.data, mask: mask.data, target: target.data };
      const parts = await this.parts.runner.run(this.pretrainTask(images, true), images.shape[0], inputs, options);
      const [sum, count] = parts.reduce(([s, n], [, l]) => [s + l.data[0], n + l.data[1]], [0, 0]);
      return { loss: sum / count, pred: concat(parts.map(([pred]) => pred)), target };
    });
  }

  private pretrainTask(images: Tensor, loss: boolean): Task {
    const [, ...item] = images.shape;
    return {
      key: `pretrain ${loss} ${item}`,
      trace: (batch) => tracePretrain(this.config, targetWidth(this.config), [batch, ...item], loss),
    };
  }

  private masked<T>(
    x: ImageInput | readonly ImageInput[],
    options: ForwardOptions,
    needed: boolean,
    work: (images: Tensor, mask: Tensor) => Promise<T>,
  ): Promise<T> {
    return this.inTurn(async () => {
      const images = await this.images(x, options.signal);
      const S = this.config.imageSize;
      if (images.shape[2] !== S || images.shape[3] !== S) {
        const found = `${images.shape[3]}x${images.shape[2]}`;
        throw new ShapeError("SHAPE_MISMATCH", `a masked forward takes images of ${S}x${S} pixels, got ${found}`);
      }
      return work(images, toMask(options.mask, this.config, images.shape[0], needed));
    });
  }

  private featureOptions(o: FeatureOptions): { outType: OutType; outIndices: number[] } {
    const outType = checkChoice("outType", o.outType ?? this.config.outType, outTypes);
    return { outType, outIndices: resolveIndices(o.outIndices ?? this.parts.outIndices, this.config.numLayers) };
  }

  private async images(x: ImageInput | readonly ImageInput[], signal?: AbortSignal): Promise<Tensor> {
    const list: readonly ImageInput[] = Array.isArray(x) ? x : [x as ImageInput];
    if (list.length === 0) throw new OptionError("OPT_MISSING", "no images were given");
    const tensors: Tensor[] = [];
    for (const image of list) tensors.push(await toTensor(this.parts.platform, image, this.config, signal));
    return concat(tensors);
  }

  /** Prepares and runs a few images at a time; the outputs of all micro-batches. */
  private eachChunk(
    x: ImageInput | readonly ImageInput[],
    signal: AbortSignal | undefined,
    run: (images: Tensor) => Promise<Tensor[][]>,
  ): Promise<Tensor[][]> {
    return this.inTurn(async () => {
      if (!Array.isArray(x) || x.length === 0) return run(await this.images(x, signal));
      const parts: Tensor[][] = [];
      for (let i = 0; i < x.length; i += CHUNK)
        parts.push(...(await run(await this.images(x.slice(i, i + CHUNK), signal))));
      return parts;
    });
  }

  /** Runs `work` after all calls made before. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.disposed) {
      return Promise.reject(
        new MaskFeatError("MODEL_DISPOSED", `${this.name}: the model was disposed; make a new one`),
      );
    }
    const result = this.last.then(work, work);
    this.last = result.catch(() => {});
    return result;
  }
}
