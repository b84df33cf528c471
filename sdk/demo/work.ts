/** Runs the model: as a module worker, or in the page's window where workers fail. */

import { type DeviceChoice, decode, getModel, type Model, runtime } from "../entries/browser.js";
import type { About } from "../report/images.js";
import { drawMask, examine, type Masked, type Sample } from "../report/sample.js";
import { type Calls, failureOf, type Request, STARTED } from "./protocol.js";

class Work {
  private model?: Model;
  private current = new AbortController();

  async load(device: DeviceChoice, onProgress: (ratio: number) => void): Promise<About> {
    this.current.abort();
    this.model?.dispose();
    this.model = undefined;
    this.current = new AbortController();
    const { signal } = this.current;
    const progress = ({ ratio }: { ratio: number }) => onProgress(ratio);
    const model = await getModel(undefined, { device, signal, onProgress: progress });
    if (signal.aborted) model.dispose();
    signal.throwIfAborted();
    this.model = model;
    const { name, weights, trained } = model;
    return { model: name, weights, trained, device: model.device, runtime };
  }

  embed(file: Blob): Promise<Sample> {
    const { signal } = this.current;
    return examine(this.loaded(), () => decode(file, { signal }), signal);
  }

  async mask({ seen, seed }: Calls["mask"]["argument"]): Promise<Masked> {
    return drawMask(seen, this.loaded().config, seed);
  }

  /** The page asks for nothing before its model is loaded; a request that a new load overtook ends here. */
  private loaded(): Model {
    if (!this.model) throw new DOMException("another device is being opened", "AbortError");
    return this.model;
  }
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
