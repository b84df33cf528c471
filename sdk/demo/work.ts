/** Runs the model: as a module worker, or in the page's window where workers fail. */

import {
  blockMask,
  type DeviceChoice,
  decode,
  getModel,
  hog,
  MaskFeatError,
  type Model,
  preprocess,
  runtime,
  transformOf,
} from "../entries/browser.js";
import { coverPatches, drawHog, pixelsOf, thumbnail, veil } from "../report/pictures.js";
import { type Calls, type Embedded, type Facts, type Failure, type Masked, type Request, STARTED } from "./protocol.js";

/** Longer sides of the page's pictures, in pixels. */
const PICTURE = 360;
const THUMBNAIL = 64;

class Work {
  private model?: Model;
  private current = new AbortController();

  async load(device: DeviceChoice, onProgress: (ratio: number) => void): Promise<Facts> {
    this.current.abort();
    this.model?.dispose();
    this.model = undefined;
    this.current = new AbortController();
    const { signal } = this.current;
    const progress = ({ ratio }: { ratio: number }) => onProgress(ratio);
    const model = await getModel(undefined, { device, outType: "avg_featmap", signal, onProgress: progress });
    if (signal.aborted) model.dispose();
    signal.throwIfAborted();
    this.model = model;
    const { name, weights, trained } = model;
    return { name, weights, trained, device: model.device, runtime };
  }

  async embed(file: Blob): Promise<Embedded> {
    const model = this.loaded();
    const { config } = model;
    const { signal } = this.current;
    const started = performance.now();
    const image = await decode(file, { signal });
    const input = preprocess(image, transformOf(config));
    const [embedding] = await model.extractFeat(input, { outIndices: [-1], signal });
    const ms = performance.now() - started;
    const targets = hog(input, { ...config.hog, patchSize: config.patchSize });
    const side = config.imageSize / config.patchSize;
    const seen = pixelsOf(input, config);
    const { nbins, pool } = config.hog;
    return {
      width: image.width,
      height: image.height,
      shape: embedding.shape,
      ms,
      picture: thumbnail(image, PICTURE),
      seen,
      thumbnail: thumbnail(seen, THUMBNAIL),
      hogPicture: drawHog(targets, { grid: [side, side], nbins, pool }),
      embedding: embedding.data,
      hog: targets.data,
    };
  }

  async mask({ seen, seed }: Calls["mask"]["argument"]): Promise<Masked> {
    const { imageSize, patchSize } = this.loaded().config;
    const side = imageSize / patchSize;
    const mask = blockMask({ seed, grid: [side, side] }).data;
    const picture = coverPatches(seen, mask, patchSize, veil);
    return { picture, hidden: mask.filter((m) => m === 1).length, patches: mask.length };
  }

  /** The page asks for nothing before its model is loaded; a request that a new load overtook ends here. */
  private loaded(): Model {
    if (!this.model) throw new DOMException("another device is being opened", "AbortError");
    return this.model;
  }
}

function failureOf(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message, code: error instanceof MaskFeatError ? error.code : undefined };
}

/** A worker's own scope, or one end of a channel. */
type Port = Pick<MessagePort, "onmessage" | "postMessage">;

/** Answers what comes through `port`. */
export function serve(port: Port): void {
  const work = new Work();
  port.onmessage = async ({ data: { id, name, argument } }: MessageEvent<Request>) => {
    const progress = (ratio: number) => port.postMessage({ id, progress: ratio });
    try {
      const call = work[name] as (argument: unknown, onProgress: typeof progress) => Promise<unknown>;
      port.postMessage({ id, result: await call.call(work, argument, progress) });
    } catch (error) {
      port.postMessage({ id, failure: failureOf(error) });
    }
  };
  port.postMessage(STARTED);
}

if (!("document" in globalThis)) serve(globalThis as unknown as Port);
