/** The WASM device: plans become lists of steps in WASM memory, run by one thread or several (assembly/program.ts). */

import { checkLayout, type Device, type Program, type RunOptions, type WeightType } from "../../gpu/device.js";
import { DeviceError } from "../../gpu/errors.js";
import { fanIn, size } from "../../gpu/graph/op.js";
import type { Plan } from "../../gpu/graph/plan.js";
import type { Call, Value } from "../../gpu/graph/tape.js";
import { type Argument, homeOf, type Step, type WasmCore, type WeightFormat } from "../../gpu/ops/home.js";
import { weightFormats } from "../../gpu/ops/linear_formats.js";
import type { Core } from "../wasm/core.js";
import type { Heap } from "../wasm/heap.js";
import { createKernels, type KernelBuild } from "./builds.js";
import type { DevicePlatform, Threads } from "./platform.js";

/** A block of WASM memory. */
export interface WasmBuffer {
  readonly address: number;
  readonly label: string;
  /** Rows and columns of a weight that lies packed. */
  readonly packed?: readonly [n: number, k: number];
}

/** Working memory that is replaced by a larger block where it is too small. */
class Scratch {
  address = 0;
  bytes = 0;

  constructor(private readonly heap: Heap) {}

  reserve(bytes: number): void {
    if (bytes <= this.bytes) return;
    if (this.bytes > 0) this.heap.release(this.address);
    this.bytes = 0;
    this.address = this.heap.alloc(bytes);
    this.bytes = bytes;
  }
}

/** The event loop gets its turn at least this often while a program runs, provided that no single step takes longer. */
const TURN_MS = 20;

/** Elements of a weight that are brought into panels at once. */
const PACK_ELEMENTS = 2 ** 18;
/** Whole panels of every format. */
const PACK_ROWS = 16;

/** A value beyond this leaves no room for its neighbours in 32-bit addresses. */
const MAX_VALUE_BYTES = 2 ** 30;

/**
 * One image of ViT-B at a time, or six of ViT-tiny. Eight of ViT-B at once were no faster in any of five variants beyond the noise of 3 %
 * (AMD EPYC, 2026-11), and took 46 MB more.
 */
const TEMP_BYTES = 8 * 2 ** 20;

/** A step, and the call that it belongs to. */
type PlannedStep = Step & { readonly call: Call };

/** Resolves in a later turn of the event loop: timers, I/O and rendering come first. */
function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // Cloudflare Workers with a compatibility date before 2025-08-15
  if (typeof MessageChannel === "undefined") return new Promise((resolve) => setTimeout(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

export class WasmDevice implements Device<WasmBuffer> {
  readonly kind = "wasm";
  readonly maxValueBytes: number = MAX_VALUE_BYTES;
  readonly tempBytes: number = TEMP_BYTES;
  readonly numberBytes = 4;

  private readonly core: Core<WasmCore>;
  private readonly format: WeightFormat;
  private readonly control: number;
  private readonly threads?: Threads;
  /** Working memory of all threads, and of each thread for itself; all programs use the same. */
  private readonly shared: Scratch;
  private readonly own: Scratch;

  /** @param threadCount 1 computes only on the calling thread. */
  constructor(
    platform: DevicePlatform,
    readonly threadCount: number,
    readonly build: KernelBuild,
    readonly weights: WeightType = "f32",
  ) {
    this.format = weightFormats[weights];
    this.core = createKernels(build, threadCount);
    const { exports, heap, module, memory } = this.core;
    this.shared = new Scratch(heap);
    this.own = new Scratch(heap);
    const controlBytes = exports.CONTROL_BYTES.value;
    this.control = heap.alloc(controlBytes);
    new Uint8Array(memory.buffer, this.control, controlBytes).fill(0);
    if (threadCount > 1) {
      const dead = this.control + exports.DEAD.value;
      this.threads = platform.startThreads({ module, memory, control: this.control, dead, count: threadCount });
    }
  }

  async buffer(count: number, label: string): Promise<WasmBuffer> {
    return this.block(4 * count, label);
  }

  async param(value: Value, data: Float32Array): Promise<WasmBuffer> {
    if (value.layout === "rows") {
      const buffer = this.block(data.byteLength, value.name);
      await this.write(buffer, data);
      return buffer;
    }
    const { heap, exports } = this.core;
    const [n, k] = [value.shape[0], fanIn(value.shape)];
    const buffer = { ...this.block(this.format.bytes(exports, n, k), value.name), packed: [n, k] as const };
    // A few rows at a time, so that they take little room beside the weight.
    const most = PACK_ROWS * Math.max(1, Math.floor(PACK_ELEMENTS / (PACK_ROWS * k)));
    const rows = this.block(4 * Math.min(n, most) * k, value.name);
    const scratch = heap.alloc(this.format.packScratch(exports, Math.min(n, most), k));
    for (let row = 0; row < n; row += most) {
      await this.write(rows, data.subarray(row * k, (row + most) * k));
      this.format.pack(exports, rows.address, row, Math.min(most, n - row), [n, k], buffer.address, scratch);
    }
    heap.release(scratch);
    this.release(rows);
    return buffer;
  }

  async write(buffer: WasmBuffer, data: Float32Array): Promise<void> {
    this.view(buffer.address, data.length).set(data);
  }

  async read({ address, label, packed }: WasmBuffer, count: number): Promise<Float32Array> {
    if (!packed) return this.view(address, count).slice();
    const { heap, exports } = this.core;
    const rows = this.block(count * 4, label);
    const scratch = heap.alloc(weightFormats.f32.bytes(exports, ...packed));
    this.format.unpack(exports, address, packed, rows.address, scratch);
    const data = await this.read(rows, count);
    heap.release(scratch);
    this.release(rows);
    return data;
  }

  release(buffer: WasmBuffer): void {
    this.core.heap.release(buffer.address);
  }

  async compile(plan: Plan, bound: ReadonlyMap<Value, WasmBuffer>): Promise<Program<WasmBuffer>> {
    const owned: WasmBuffer[] = [];
    const own = (bytes: number, label: string) => {
      const buffer = this.block(bytes, label);
      owned.push(buffer);
      return buffer;
    };
    const destroy = () => {
      for (const buffer of owned) this.release(buffer);
    };
    try {
      for (const value of plan.given) checkLayout(value, bound.get(value)?.packed !== undefined);
      const slots = plan.slots.map((elements, i) => own(elements * 4, `slot ${i}`));
      const bufferOf = (value: Value) => bound.get(value) ?? slots[plan.slotOf.get(value) as number];
      const reads = (output: Value) => plan.slotOf.has(output);
      const target = { core: this.core.exports, threads: this.threadCount, format: this.format, reads };
      const steps = plan.calls.flatMap((call) =>
        [homeOf(call).wasm(call as never, target)].flat().map((step) => ({ call, ...step })),
      );
      const table = own(steps.length * this.core.exports.STEP_BYTES.value, "steps");
      this.writeSteps(table, steps, (value) => bufferOf(value).address);
      const outputs = plan.outputs.map(bufferOf);
      return {
        outputs,
        run: (options) => this.run(table, steps, options),
        read: async () => plan.outputs.map(({ shape }, i) => this.view(outputs[i].address, size(shape)).slice()),
        destroy,
      };
    } catch (error) {
      destroy();
      throw error;
    }
  }

  memory() {
    const { heap, memory } = this.core;
    return { used: heap.used, allocated: memory.buffer.byteLength, peak: heap.peak };
  }

  destroy(): void {
    void this.threads?.stop();
  }

  private block(bytes: number, label: string): WasmBuffer {
    return { address: this.core.heap.alloc(bytes), label };
  }

  private view(address: number, count: number): Float32Array {
    return new Float32Array(this.core.memory.buffer, address, count);
  }

  /** Each step as its kernel's function index and arguments (assembly/nn/lib/step.ts). */
  private writeSteps(table: WasmBuffer, steps: readonly Step[], at: (value: Value) => number): void {
    const { exports, memory } = this.core;
    const wordOf = (argument: Argument) => {
      if (typeof argument === "number") return argument;
      return "element" in argument ? at(argument.value) + 4 * argument.element : at(argument);
    };
    const stepBytes = exports.STEP_BYTES.value;
    steps.forEach(({ kernel, args }, i) => {
      const index = (exports as unknown as Record<string, { readonly value: number }>)[kernel].value;
      new Int32Array(memory.buffer, table.address + i * stepBytes, stepBytes / 4).set([index, ...args.map(wordOf)]);
    });
  }

  /** Runs step by step, giving the event loop its turn and looking at the signal in between. */
  private async run(table: WasmBuffer, steps: readonly PlannedStep[], o: RunOptions = {}): Promise<void> {
    await this.threads?.ready;
    const ownBytes = this.reserveScratch(steps);
    let turn = performance.now();
    let opened: { call: Call; at: number; step: number } | undefined;
    for (let i = 0; i < steps.length; i++) {
      o.signal?.throwIfAborted();
      const before = performance.now();
      if (o.profiler && opened?.call !== steps[i].call) {
        if (opened) o.profiler.add(opened.call, before - opened.at, i - opened.step);
        opened = { call: steps[i].call, at: before, step: i };
      }
      this.runStep(table, i, ownBytes);
      if (performance.now() - turn > TURN_MS) {
        await nextTurn();
        turn = performance.now();
      }
    }
    if (opened) o.profiler?.add(opened.call, performance.now() - opened.at, steps.length - opened.step);
    o.signal?.throwIfAborted();
  }

  private runStep(table: WasmBuffer, i: number, ownBytes: number): void {
    const { exports } = this.core;
    const [steps, shared, own] = [table.address, this.shared.address, this.own.address];
    if (this.threadCount === 1) exports.runAlone(this.control, steps, i, i + 1, shared, own);
    else if (!exports.runTogether(this.control, this.threadCount, steps, i, i + 1, shared, own, ownBytes)) {
      const hint = "make a new model, or one with threads: 1";
      throw new DeviceError("DEVICE_FAILED", `a worker thread of the WASM device died; ${hint}`);
    }
  }

  /** Makes the working memory large enough for `steps`; returns the bytes of each thread's own. */
  private reserveScratch(steps: readonly Step[]): number {
    const most = (key: "sharedBytes" | "ownBytes") => steps.reduce((max, step) => Math.max(max, step[key] ?? 0), 0);
    const ownBytes = Math.ceil(most("ownBytes") / 64) * 64;
    this.shared.reserve(most("sharedBytes"));
    this.own.reserve(ownBytes * this.threadCount);
    return ownBytes;
  }
}
