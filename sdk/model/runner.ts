/** Runs traced functions on a device: plans and compiles once for each shape, and splits batches that are too large. */

import type { Device, Program, RunOptions } from "../../gpu/device.js";
import { OutOfMemoryError } from "../../gpu/errors.js";
import { fuse } from "../../gpu/graph/fuse.js";
import { size } from "../../gpu/graph/op.js";
import { type Plan, plan } from "../../gpu/graph/plan.js";
import type { Value } from "../../gpu/graph/tape.js";
import type { Traced } from "../../gpu/models/maskfeat.js";
import type { Tensor } from "../base/tensor.js";
import type { Parameters } from "./parameters.js";

/** Compiled programs that are kept; the least recently used one goes first. */
const KEPT = 4;

interface Compiled<B> {
  readonly plan: Plan;
  readonly program: Program<B>;
  readonly inputs: ReadonlyMap<string, B>;
}

/** A function over symbolic values, for any batch size. `key` tells functions apart. */
export interface Task {
  readonly key: string;
  trace(batch: number): Traced;
}

const programKey = (task: Task, batch: number) => `${task.key} x${batch}`;

export class Runner<B> {
  private readonly compiled = new Map<string, Compiled<B>>();

  constructor(
    private readonly device: Device<B>,
    private readonly parameters: Parameters<B>,
  ) {}

  /**
   * Runs `task` on `batch` items, in micro-batches. `inputs`: for each input of the task its numbers, `batch` items of one size. Returns the
   * task's outputs for every micro-batch; splitting does not change a bit of them.
   */
  async run(
    task: Task,
    batch: number,
    inputs: Readonly<Record<string, Float32Array>>,
    options: RunOptions = {},
  ): Promise<Tensor[][]> {
    // what was compiled for this batch fits
    const most = this.compiled.has(programKey(task, batch)) ? batch : this.microBatch(task, batch);
    const parts: Tensor[][] = [];
    for (let from = 0; from < batch; from += most) {
      const to = Math.min(batch, from + most);
      const compiled = await this.compile(task, to - from, options.signal);
      const writes = Promise.all(
        [...compiled.inputs].map(([name, buffer]) => {
          const item = inputs[name].length / batch;
          return this.device.write(buffer, inputs[name].subarray(from * item, to * item));
        }),
      );
      // looked at after the run, which would fail for the same reason
      writes.catch(() => {});
      await compiled.program.run(options);
      await writes;
      const outputs = await compiled.program.read();
      options.signal?.throwIfAborted();
      parts.push(compiled.plan.outputs.map(({ shape }, i) => ({ data: outputs[i], shape })));
    }
    return parts;
  }

  /** Compiles `task` for one item, so that the first run needs not. @throws OutOfMemoryError, DeviceError; AbortError */
  async prepare(task: Task, signal?: AbortSignal): Promise<void> {
    await this.compile(task, this.microBatch(task, 1), signal);
  }

  /** The largest batch, up to `batch`, whose values and temporaries stay within bounds. */
  private microBatch(task: Task, batch: number): number {
    const { slots } = planOf(task.trace(1)).plan;
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

  private async compile(task: Task, batch: number, signal?: AbortSignal): Promise<Compiled<B>> {
    const key = programKey(task, batch);
    const found = this.compiled.get(key);
    if (found) {
      this.compiled.delete(key);
      this.compiled.set(key, found);
      return found;
    }
    this.evict();
    const { plan, params } = planOf(task.trace(batch));
    const bound = await this.parameters.load(params, { signal });
    const inputs = new Map<string, B>();
    try {
      for (const value of plan.given.filter((v) => v.role === "input")) {
        const buffer = await this.device.buffer(size(value.shape), value.name);
        inputs.set(value.name, buffer);
        bound.set(value, buffer);
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

function planOf({ tape, outputs }: Traced) {
  const calls = fuse(tape.calls, outputs);
  const planned = plan(calls, outputs);
  const params: Value[] = planned.given.filter((value) => value.role === "param");
  return { plan: planned, params };
}
