/** A compiled plan on WebGPU: one command buffer and one submit for each run, one map for each read, and nothing allocated. */

import type { Program, RunOptions } from "./device.js";
import type { Call } from "./graph/tape.js";
import type { Guard } from "./guard.js";
import type { Profiler } from "./profile.js";
import { type GpuNumbers, MAP_READ, type Storage, USAGE } from "./storage.js";

/** A dispatch, ready to be encoded. */
export interface BoundDispatch {
  readonly call: Call;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number];
}

export interface Output {
  readonly numbers: GpuNumbers;
  readonly count: number;
  /** Where it lies in the staging buffer, and its length there. */
  readonly at: number;
  readonly bytes: number;
}

export interface ProgramParts {
  readonly device: GPUDevice;
  readonly guard: Guard;
  readonly storage: Storage;
  readonly dispatches: readonly BoundDispatch[];
  readonly outputs: readonly Output[];
  /** Where the outputs are copied one behind the other, to be read. */
  readonly staging: GPUBuffer;
  destroy(): void;
}

export class GpuProgram implements Program<GpuNumbers> {
  readonly outputs: readonly GpuNumbers[];
  /** Ends when the outputs of an earlier run have been read. */
  private reading?: Promise<unknown>;

  constructor(private readonly parts: ProgramParts) {
    this.outputs = parts.outputs.map(({ numbers }) => numbers);
  }

  run(options: RunOptions = {}): Promise<void> {
    // a buffer that is being read cannot be written
    return this.reading ? this.reading.then(() => this.enqueue(options)) : this.enqueue(options);
  }

  read(): Promise<Float32Array[]> {
    const reading = this.map();
    this.reading = reading.catch(() => {});
    this.reading.then(() => {
      this.reading = undefined;
    });
    return reading;
  }

  destroy(): void {
    this.parts.destroy();
  }

  private async enqueue({ signal, profiler }: RunOptions): Promise<void> {
    signal?.throwIfAborted();
    if (profiler) await this.profile(profiler);
    else await this.parts.guard.scoped("running a plan", 0, () => this.submit((encoder) => this.encode(encoder)));
  }

  private async map(): Promise<Float32Array[]> {
    const { guard, staging } = this.parts;
    await guard.orLost(staging.mapAsync(MAP_READ));
    try {
      guard.check();
      return this.readOutputs();
    } finally {
      staging.unmap();
    }
  }

  private encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass({ label: "plan" });
    for (const dispatch of this.parts.dispatches) encodeDispatch(pass, dispatch);
    pass.end();
    this.copyOutputs(encoder);
  }

  private copyOutputs(encoder: GPUCommandEncoder): void {
    const { staging, outputs } = this.parts;
    for (const { numbers, at, bytes } of outputs) encoder.copyBufferToBuffer(numbers.buffer, 0, staging, at, bytes);
  }

  private readOutputs(): Float32Array[] {
    const { staging, storage, outputs } = this.parts;
    const mapped = staging.getMappedRange();
    return outputs.map(({ numbers, count, at }) => storage.decode(mapped, at, count, numbers.wide));
  }

  private submit(encode: (encoder: GPUCommandEncoder) => void): void {
    const { device } = this.parts;
    const encoder = device.createCommandEncoder({ label: "maskfeat-wgpu" });
    encode(encoder);
    device.queue.submit([encoder.finish()]);
  }

  /** Times every dispatch by the GPU's own clock where there is one, else by waiting for each. */
  private async profile(profiler: Profiler): Promise<void> {
    const { device, guard } = this.parts;
    if (device.features.has("timestamp-query")) return this.profileByTimestamps(profiler);
    for (const dispatch of this.parts.dispatches) {
      const start = performance.now();
      await guard.scoped(nameOf(dispatch.call), 0, () =>
        this.submit((encoder) => {
          const pass = encoder.beginComputePass({ label: nameOf(dispatch.call) });
          encodeDispatch(pass, dispatch);
          pass.end();
        }),
      );
      await guard.orLost(device.queue.onSubmittedWorkDone());
      profiler.add(dispatch.call, performance.now() - start, 1);
    }
    await guard.scoped("reading outputs", 0, () => this.submit((encoder) => this.copyOutputs(encoder)));
  }

  private async profileByTimestamps(profiler: Profiler): Promise<void> {
    const { guard, dispatches } = this.parts;
    const times = await guard.scoped("profiling a plan", 0, () => this.submitTimed());
    try {
      await guard.orLost(times.mapAsync(MAP_READ));
      const nanoseconds = new BigUint64Array(times.getMappedRange());
      dispatches.forEach(({ call }, i) => {
        profiler.add(call, Number(nanoseconds[2 * i + 1] - nanoseconds[2 * i]) / 1e6, 1);
      });
    } finally {
      times.destroy();
    }
  }

  /** Submits a run in which every dispatch is a pass of its own; gives where its beginning and end, in nanoseconds, can be read. */
  private submitTimed(): GPUBuffer {
    const { device, dispatches } = this.parts;
    const count = 2 * dispatches.length;
    const buffer = (label: string, usage: number) => device.createBuffer({ label, size: 8 * count, usage });
    const querySet = device.createQuerySet({ label: "times", type: "timestamp", count });
    const times = buffer("times", USAGE.QUERY_RESOLVE | USAGE.COPY_SRC);
    const read = buffer("times, read", USAGE.MAP_READ | USAGE.COPY_DST);
    this.submit((encoder) => {
      dispatches.forEach((dispatch, i) => {
        const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
        const pass = encoder.beginComputePass({ label: nameOf(dispatch.call), timestampWrites });
        encodeDispatch(pass, dispatch);
        pass.end();
      });
      encoder.resolveQuerySet(querySet, 0, count, times, 0);
      encoder.copyBufferToBuffer(times, 0, read, 0, 8 * count);
      this.copyOutputs(encoder);
    });
    // what is submitted keeps them until it is done
    querySet.destroy();
    times.destroy();
    return read;
  }
}

function encodeDispatch(pass: GPUComputePassEncoder, { pipeline, group, grid }: BoundDispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...grid);
}

/** What a call makes, for labels. */
export const nameOf = ({ op, outputs }: Call): string => outputs[0]?.name ?? op;
