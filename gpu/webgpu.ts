/** The WebGPU device: buffers, packed weights, pipelines and plans on a `GPUDevice`, in Node (Dawn) and in browsers. */

import { checkLayout, type Device, type Program } from "./device.js";
import { DeviceError, OutOfMemoryError } from "./errors.js";
import { fanIn, size } from "./graph/op.js";
import type { Plan } from "./graph/plan.js";
import type { Value } from "./graph/tape.js";
import { Guard } from "./guard.js";
import { type Dispatch, homeOf, type Matmul, type Wgsl } from "./ops/home.js";
import { direct, tiled } from "./ops/linear.js";
import { bindingsOf, moduleSource } from "./ops/wgsl.js";
import { align, type GpuNumbers, type Halves, MAP_READ, type Piece, Storage, USAGE, unpackWeight } from "./storage.js";
import { type BoundDispatch, GpuProgram, nameOf, type Output } from "./webgpu-program.js";

export interface WebGpuOptions {
  /** Stores all numbers as f16; the device needs the feature `shader-f16`. */
  readonly halves?: Halves;
  /** The device belongs to the caller: it is not destroyed, and its uncaptured errors are not ours. */
  readonly borrowed?: boolean;
  /** Less than the device's own limit. */
  readonly maxValueBytes?: number;
  /** The adapter computes on the CPU, where other kernels are fast. */
  readonly software?: boolean;
  /** Instead of what is fastest. */
  readonly matmul?: Matmul;
  /** Features of the device besides. */
  readonly features?: readonly GPUFeatureName[];
}

/** Twelve images of ViT-B at a time: enough workgroups for a large GPU. */
const TEMP_BYTES = 64 * 2 ** 20;

/** GPUShaderStage.COMPUTE. */
const COMPUTE = 4;

/**
 * Opens a device of `adapter` with its highest buffer limits. `options.halves` is used if the adapter has `shader-f16`.
 * @throws DeviceError
 */
export async function openWebGpu(adapter: GPUAdapter, options: WebGpuOptions): Promise<WebGpuDevice> {
  const wanted: GPUFeatureName[] = ["timestamp-query", ...(options.features ?? [])];
  if (options.halves) wanted.push("shader-f16");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  try {
    const device = await adapter.requestDevice({
      label: "maskfeat-wgpu",
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
    });
    return new WebGpuDevice(device, options);
  } catch (cause) {
    throw new DeviceError("DEVICE_FAILED", `the adapter gives no device: ${(cause as Error).message}`, { cause });
  }
}

export class WebGpuDevice implements Device<GpuNumbers> {
  readonly kind = "webgpu";
  readonly tempBytes = TEMP_BYTES;
  readonly maxValueBytes: number;
  readonly matmul: Matmul;
  private readonly guard: Guard;
  private readonly storage: Storage;
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  private readonly held = new Set<GPUBuffer>();
  private used = 0;
  private peak = 0;

  constructor(
    /** Other models can run on it; they then share compiled pipelines. */
    readonly device: GPUDevice,
    private readonly options: WebGpuOptions = {},
  ) {
    this.guard = new Guard(device, !options.borrowed);
    this.storage = new Storage(device.features.has("shader-f16") ? options.halves : undefined);
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    this.maxValueBytes = Math.min(maxBufferSize, maxStorageBufferBindingSize, options.maxValueBytes ?? Infinity);
    this.matmul = options.matmul ?? (options.software ? direct : tiled);
  }

  get numberBytes(): 2 | 4 {
    return this.storage.numberBytes;
  }

  get weights(): "f16" | "f32" {
    return this.numberBytes === 2 ? "f16" : "f32";
  }

  /** Pipelines that were made so far. */
  get pipelineCount(): number {
    return this.pipelines.size;
  }

  async buffer(count: number, label: string): Promise<GpuNumbers> {
    return { buffer: await this.allocate(this.storage.bytes(count), label), label };
  }

  async param(value: Value, data: Float32Array): Promise<GpuNumbers> {
    const label = value.name;
    const packed = value.layout === "packed" ? { n: value.shape[0], k: fanIn(value.shape) } : undefined;
    const count = packed ? packed.k * align(packed.n, 4) : data.length;
    const pieces = this.storage.pieces(data, packed);
    return { buffer: await this.allocate(this.storage.bytes(count), label, USAGE.STORED, pieces), label, packed };
  }

  write({ buffer, label, wide }: GpuNumbers, data: Float32Array): Promise<void> {
    const bytes = this.storage.encode(data, wide);
    return this.guard.scoped(`writing ${label}`, 0, () => this.device.queue.writeBuffer(buffer, 0, bytes));
  }

  async read(numbers: GpuNumbers, count: number): Promise<Float32Array> {
    const { packed, label, wide } = numbers;
    const stored = packed ? packed.k * align(packed.n, 4) : count;
    const bytes = this.storage.bytes(stored, wide);
    const staging = await this.allocate(bytes, `${label}, read`, USAGE.MAP_READ | USAGE.COPY_DST);
    try {
      await this.guard.scoped(`reading ${label}`, 0, () => {
        const encoder = this.device.createCommandEncoder({ label: `read ${label}` });
        encoder.copyBufferToBuffer(numbers.buffer, 0, staging, 0, bytes);
        this.device.queue.submit([encoder.finish()]);
      });
      await this.guard.orLost(staging.mapAsync(MAP_READ));
      const data = this.storage.decode(staging.getMappedRange(), 0, stored, wide);
      return packed ? unpackWeight(data, packed) : data;
    } finally {
      this.free(staging);
    }
  }

  release({ buffer }: GpuNumbers): void {
    this.free(buffer);
  }

  async compile(plan: Plan, bound: ReadonlyMap<Value, GpuNumbers>): Promise<Program<GpuNumbers>> {
    const owned: GPUBuffer[] = [];
    const own = async (bytes: number, label: string, usage?: number) => {
      const buffer = await this.allocate(bytes, label, usage);
      owned.push(buffer);
      return buffer;
    };
    const destroy = () => {
      for (const buffer of owned) this.free(buffer);
    };
    try {
      for (const value of plan.given) checkLayout(value, bound.get(value)?.packed !== undefined);
      const wide = new Set(plan.calls.flatMap((call) => (homeOf(call).wide ? call.outputs : [])));
      const slots: GPUBuffer[] = [];
      for (const [i, count] of plan.slots.entries()) {
        const holdsWide = [...wide].some((value) => plan.slotOf.get(value) === i);
        slots.push(await own(this.storage.bytes(count, holdsWide), `slot ${i}`));
      }
      const numbersOf = (value: Value): GpuNumbers => {
        const buffer = slots[plan.slotOf.get(value) as number];
        return bound.get(value) ?? { buffer, label: value.name, wide: wide.has(value) };
      };
      const dispatches = await this.bind(plan, numbersOf);
      let total = 0;
      const outputs = plan.outputs.map((value): Output => {
        const [numbers, count, at] = [numbersOf(value), size(value.shape), total];
        const bytes = this.storage.bytes(count, numbers.wide);
        total += bytes;
        return { numbers, count, at, bytes };
      });
      const staging = await own(total, "outputs, read", USAGE.MAP_READ | USAGE.COPY_DST);
      const { device, guard, storage } = this;
      return new GpuProgram({ device, guard, storage, dispatches, outputs, staging, destroy });
    } catch (error) {
      destroy();
      throw error;
    }
  }

  memory() {
    return { used: this.used, allocated: this.used, peak: this.peak };
  }

  /** Frees every buffer, and the device where it is ours. */
  destroy(): void {
    for (const buffer of [...this.held]) this.free(buffer);
    this.guard.close();
    if (!this.options.borrowed) this.device.destroy();
  }

  /** A buffer with `data`, if any, in it. */
  private async allocate(
    bytes: number,
    label: string,
    usage: number = USAGE.STORED,
    data: Iterable<Piece> = [],
  ): Promise<GPUBuffer> {
    const aligned = Math.max(16, bytes);
    if (aligned > this.device.limits.maxBufferSize) {
      const message = `${label} needs ${aligned} bytes, and a buffer of this GPU has at most ${this.device.limits.maxBufferSize}`;
      throw new OutOfMemoryError(message, aligned, "use a smaller batch, image or model");
    }
    return this.guard.scoped(
      label,
      aligned,
      () => {
        const buffer = this.device.createBuffer({ label, size: aligned, usage });
        this.held.add(buffer);
        this.used += aligned;
        this.peak = Math.max(this.peak, this.used);
        for (const { at, bytes } of data) this.device.queue.writeBuffer(buffer, at, bytes);
        return buffer;
      },
      (buffer) => this.free(buffer),
    );
  }

  private free(buffer: GPUBuffer): void {
    if (!this.held.delete(buffer)) return;
    this.used -= buffer.size;
    buffer.destroy();
  }

  /** The dispatches of a plan's calls: all pipelines are compiled at once. */
  private async bind(plan: Plan, numbersOf: (value: Value) => GpuNumbers): Promise<BoundDispatch[]> {
    const target = { matmul: this.matmul, reads: (output: Value) => plan.slotOf.has(output) };
    const kernels = plan.calls.flatMap((call) =>
      [homeOf(call).webgpu(call as never, target)].flat().map((dispatch) => ({ call, ...dispatch })),
    );
    const pipelines = await this.guard.orLost(Promise.all(kernels.map((kernel) => this.pipeline(kernel))));
    return this.guard.scoped("binding a plan", 0, () =>
      kernels.map(({ call, grid, bindings = [...call.inputs, ...call.outputs] }, i) => {
        const entries = bindings.map((value, binding) => ({ binding, resource: this.bound(value, numbersOf(value)) }));
        const [label, layout] = [nameOf(call), pipelines[i].getBindGroupLayout(0)];
        return { call, grid, pipeline: pipelines[i], group: this.device.createBindGroup({ label, layout, entries }) };
      }),
    );
  }

  /** What a kernel sees of a value: exactly its bytes, never the slot's, so that `arrayLength` tells how many numbers there are. */
  private bound(value: Value, { buffer, packed, wide }: GpuNumbers): GPUBufferBinding {
    const count = packed ? packed.k * align(packed.n, 4) : size(value.shape);
    return { buffer, size: this.storage.bytes(count, wide) };
  }

  /** The pipeline of a kernel; one for each file and set of constants, compiled in the background. */
  private pipeline({ file, constants }: Dispatch): Promise<GPUComputePipeline> {
    const label = `${file.name}.wgsl ${JSON.stringify(constants)}`;
    let pipeline = this.pipelines.get(label);
    if (!pipeline) {
      pipeline = this.makePipeline(file, constants, label);
      pipeline.catch(() => this.pipelines.delete(label));
      this.pipelines.set(label, pipeline);
    }
    return pipeline;
  }

  private async makePipeline(file: Wgsl, constants: Dispatch["constants"], label: string): Promise<GPUComputePipeline> {
    const entries = bindingsOf(file).map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } }));
    const code = moduleSource(file, this.numberBytes === 2);
    const { module, layout } = await this.guard.scoped(label, 0, () => {
      const bindGroupLayouts = [this.device.createBindGroupLayout({ label, entries })];
      return {
        module: this.device.createShaderModule({ label, code }),
        layout: this.device.createPipelineLayout({ label, bindGroupLayouts }),
      };
    });
    try {
      return await this.device.createComputePipelineAsync({ label, layout, compute: { module, constants } });
    } catch (cause) {
      throw new DeviceError("DEVICE_FAILED", `${label}: cannot be compiled: ${(cause as Error).message}`, { cause });
    }
  }
}
