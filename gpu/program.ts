/** A compiled plan on WebGPU: one command buffer, one submit and one readback for each run, and nothing allocated. */

import type { Program, RunOptions } from "./device.js";
import type { AnyCall } from "./graph/tape.js";
import type { Guard } from "./guard.js";
import { type GpuNumbers, type Storage, USAGE } from "./numbers.js";
import type { Profiler } from "./profile.js";

export interface Dispatch {
  readonly call: AnyCall;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number];
}

interface Output {
  readonly numbers: GpuNumbers;
  readonly count: number;
}

export interface ProgramParts {
  readonly device: GPUDevice;
  readonly guard: Guard;
  readonly storage: Storage;
  readonly dispatches: readonly Dispatch[];
  readonly outputs: readonly Output[];
  /** Where the outputs are copied one behind the other, to be read. */
  readonly staging: GPUBuffer;
  destroy(): void;
}

export class GpuProgram implements Program<GpuNumbers> {
  readonly outputs: readonly GpuNumbers[];

  constructor(private readonly parts: ProgramParts) {
    this.outputs = parts.outputs.map(({ numbers }) => numbers);
  }

  async run({ signal, profiler }: RunOptions = {}): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    if (profiler) await this.profile(profiler);
    else await this.parts.guard.scoped("running a plan", 0, () => this.submit((encoder) => this.encode(encoder)));
    const { guard, staging } = this.parts;
    await guard.orLost(staging.mapAsync(1));
    try {
      guard.check();
      signal?.throwIfAborted();
      return this.readOutputs();
    } finally {
      staging.unmap();
    }
  }

  destroy(): void {
    this.parts.destroy();
  }

  private encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass({ label: "plan" });
    for (const dispatch of this.parts.dispatches) encodeDispatch(pass, dispatch);
    pass.end();
    this.copyOutputs(encoder);
  }

  private copyOutputs(encoder: GPUCommandEncoder): void {
    const { staging, storage, outputs } = this.parts;
    let at = 0;
    for (const { numbers, count } of outputs) {
      const bytes = storage.bytes(count, numbers.wide);
      encoder.copyBufferToBuffer(numbers.buffer, 0, staging, at, bytes);
      at += bytes;
    }
  }

  private readOutputs(): Float32Array[] {
    const { staging, storage, outputs } = this.parts;
    const mapped = staging.getMappedRange();
    let at = 0;
    return outputs.map(({ numbers, count }) => {
      const data = storage.decode(mapped, at, count, numbers.wide);
      at += storage.bytes(count, numbers.wide);
      return data;
    });
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
      await guard.scoped(dispatch.call.output.name, 0, () =>
        this.submit((encoder) => {
          const pass = encoder.beginComputePass({ label: dispatch.call.output.name });
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
    const { device, guard, dispatches } = this.parts;
    const count = 2 * dispatches.length;
    const querySet = device.createQuerySet({ label: "times", type: "timestamp", count });
    const usage = USAGE.QUERY_RESOLVE | USAGE.COPY_SRC;
    const times = device.createBuffer({ label: "times", size: 8 * count, usage });
    const staging = device.createBuffer({
      label: "times, read",
      size: 8 * count,
      usage: USAGE.MAP_READ | USAGE.COPY_DST,
    });
    try {
      await guard.scoped("profiling a plan", 0, () =>
        this.submit((encoder) => {
          dispatches.forEach((dispatch, i) => {
            const timestampWrites = {
              querySet,
              beginningOfPassWriteIndex: 2 * i,
              endOfPassWriteIndex: 2 * i + 1,
            };
            const pass = encoder.beginComputePass({ label: dispatch.call.output.name, timestampWrites });
            encodeDispatch(pass, dispatch);
            pass.end();
          });
          encoder.resolveQuerySet(querySet, 0, count, times, 0);
          encoder.copyBufferToBuffer(times, 0, staging, 0, 8 * count);
          this.copyOutputs(encoder);
        }),
      );
      await guard.orLost(staging.mapAsync(1));
      const nanoseconds = new BigUint64Array(staging.getMappedRange());
      dispatches.forEach(({ call }, i) => {
        profiler.add(call, Number(nanoseconds[2 * i + 1] - nanoseconds[2 * i]) / 1e6, 1);
      });
    } finally {
      querySet.destroy();
      times.destroy();
      staging.destroy();
    }
  }
}

function encodeDispatch(pass: GPUComputePassEncoder, { pipeline, group, grid }: Dispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...grid);
}
