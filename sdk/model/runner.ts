/** Runs traced functions on a device: plans and compiles once for each shape, and splits batches that are too large. */

import type { Device, Program, RunOptions } from "../../gpu/device.js";
import { OutOfMemoryError } from "../../gpu/errors.js";
import { fuse } from "../../gpu/graph/fuse.js";
import { size } from "../../gpu/graph/op.js";
import { type Plan, plan } from "../../gpu/graph/plan.js";
import type { Value } from "../../gpu/graph/tape.js";
import type { FunctionName, FunctionOptions, Shapes, Traced } from "../../gpu/models/functions.js";
import { checkFinite, type Tensor } from "../base/tensor.js";

/** Compiled programs that are kept; the least recently used one goes first. */
const KEPT = 4;

interface Compiled<B> {
  readonly plan: Plan;
  readonly program: Program<B>;
  readonly inputs: ReadonlyMap<string, B>;
}

/** One of the model's functions, and what it is asked for. */
export interface Work extends FunctionOptions {
  readonly name: FunctionName;
}

const planOf = ({ tape, outputs }: Traced): Plan => plan(fuse(tape.calls, outputs), outputs);

/** The shapes of `batch` items. */
const shapesFor = (items: Shapes, batch: number): Shapes =>
  Object.fromEntries(Object.entries(items).map(([name, [, ...item]]) => [name, [batch, ...item]]));

export class Runner<B> {
  private readonly compiled = new Map<string, Compiled<B>>();

  /** `parameters`: the buffer of every parameter that `trace` can ask for. */
  constructor(
    private readonly device: Device<B>,
    private readonly parameters: ReadonlyMap<string, B>,
    private readonly trace: (work: Work, shapes: Shapes) => Traced,
  ) {}

  /**
   * Runs `work` on `inputs` [B,...], in micro-batches. Returns its outputs for every micro-batch; splitting does not change a bit of them.
   * @throws OutOfMemoryError, DeviceError; NonFiniteError if an activation is beyond what the device stores; AbortError
   */
  async run(work: Work, inputs: Readonly<Record<string, Tensor>>, options: RunOptions = {}): Promise<Tensor[][]> {
    const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    const [[batch]] = Object.values(shapes);
    // what was compiled for this batch fits
    const most = this.compiled.has(JSON.stringify([work, shapes])) ? batch : this.microBatch(work, shapes, batch);
    const parts: Tensor[][] = [];
    for (let from = 0; from < batch; from += most) {
      options.signal?.throwIfAborted();
      const to = Math.min(batch, from + most);
      const compiled = await this.compile(work, shapesFor(shapes, to - from));
      const writes = Promise.all(
        [...compiled.inputs].map(([name, buffer]) => {
          const item = inputs[name].data.length / batch;
          return this.device.write(buffer, inputs[name].data.subarray(from * item, to * item));
        }),
      );
      // looked at after the run, which would fail for the same reason
      writes.catch(() => {});
      await compiled.program.run(options);
      await writes;
      const outputs = await compiled.program.read();
      options.signal?.throwIfAborted();
      for (const data of outputs) checkFinite(`${work.name} (${this.range})`, data);
      parts.push(compiled.plan.outputs.map(({ shape }, i) => ({ data: outputs[i], shape })));
    }
    return parts;
  }

  /** For people: what inputs and activations may be. */
  private get range(): string {
    return this.device.numberBytes === 2
      ? `activations in f16, up to 65504; dtype "f32" holds more`
      : "activations in f32";
  }

  /** Compiles `work` for one item, so that the first run needs not. @throws OutOfMemoryError, DeviceError */
  async prepare(work: Work, shapes: Shapes): Promise<void> {
    await this.compile(work, shapesFor(shapes, this.microBatch(work, shapes, 1)));
  }

  /** The largest batch, up to `batch`, whose values and temporaries stay within bounds. */
  private microBatch(work: Work, shapes: Shapes, batch: number): number {
    const { slots } = planOf(this.trace(work, shapesFor(shapes, 1)));
    const { maxValueBytes, tempBytes, numberBytes } = this.device;
    const largest = numberBytes * Math.max(...slots);
    if (largest > maxValueBytes) {
      const message = `one image needs a tensor of ${largest} bytes, and the device takes ${maxValueBytes}`;
      const share = Math.floor((100 * maxValueBytes) / largest);
      throw new OutOfMemoryError(message, largest, `use an image with at most ${share} % of its pixels`);
    }
    const all = numberBytes * slots.reduce((a, b) => a + b, 0);
    const most = Math.min(tempBytes / all, maxValueBytes / largest);
    return Math.max(1, Math.min(batch, Math.floor(most)));
  }

  private async compile(work: Work, shapes: Shapes): Promise<Compiled<B>> {
    const key = JSON.stringify([work, shapes]);
    const found = this.compiled.get(key);
    if (found) {
      this.compiled.delete(key);
      this.compiled.set(key, found);
      return found;
    }
    this.evict();
    const plan = planOf(this.trace(work, shapes));
    const bound = new Map<Value, B>();
    const inputs = new Map<string, B>();
    try {
      for (const value of plan.given) {
        if (value.role === "input") inputs.set(value.name, await this.device.buffer(size(value.shape), value.name));
        bound.set(value, (value.role === "input" ? inputs : this.parameters).get(value.name) as B);
      }
      const compiled = { plan, program: await this.device.compile(plan, bound), inputs };
      this.compiled.set(key, compiled);
      return compiled;
    } catch (error) {
      for (const buffer of inputs.values()) this.device.release(buffer);
      throw error;
    }
  }

  private evict(): void {
    if (this.compiled.size < KEPT) return;
    const [key, oldest] = this.compiled.entries().next().value as [string, Compiled<B>];
    oldest.program.destroy();
    for (const buffer of oldest.inputs.values()) this.device.release(buffer);
    this.compiled.delete(key);
  }
}
