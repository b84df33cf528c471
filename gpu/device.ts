/** The seam between what to compute and who computes it. */

import { ShapeError } from "./errors.js";
import type { Plan } from "./graph/plan.js";
import type { Value } from "./graph/tape.js";
import type { Profiler } from "./profile.js";

export interface RunOptions {
  /** Checked between slices of work: the run rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Times every call. Slower: calls are then waited for one by one. */
  readonly profiler?: Profiler;
}

/** A compiled plan. */
export interface Program<B = unknown> {
  /** One buffer for each of the plan's outputs; overwritten by the next run of any program of the device. */
  readonly outputs: readonly B[];
  /** Enqueues one run; resolves once the device has accepted it (on WASM: has computed it). @throws DeviceError; AbortError */
  run(options?: RunOptions): Promise<void>;
  /** The outputs of the last run, once it is done. @throws DeviceError */
  read(): Promise<Float32Array[]>;
  /** Frees the program's temporaries. */
  destroy(): void;
}

/** Runs plans. Buffers are opaque to everything above this line; they hold numbers, given and read as f32 however they are stored. */
export interface Device<B = unknown> {
  readonly kind: "webgpu" | "wasm";
  /** The most bytes that one value may have; a call is split into micro-batches below it. */
  readonly maxValueBytes: number;
  /** Temporaries of one program stay below this where a smaller micro-batch can make them so. */
  readonly tempBytes: number;
  /** Bytes that a stored number takes. */
  readonly numberBytes: 2 | 4;
  readonly weights: WeightType;
  /** A buffer of `count` numbers. @throws OutOfMemoryError */
  buffer(count: number, label: string): Promise<B>;
  /** A buffer with `data`, row-major, in the layout that `value` declares. @throws OutOfMemoryError */
  param(value: Value, data: Float32Array): Promise<B>;
  /** Writes the first numbers of a buffer; runs that follow see them. @throws DeviceError */
  write(buffer: B, data: Float32Array): Promise<void>;
  /** The first `count` numbers, row-major whatever the buffer's layout. */
  read(buffer: B, count: number): Promise<Float32Array>;
  release(buffer: B): void;
  /**
   * Compiles `plan`; `bound` has a buffer for each value in `plan.given`.
   * @throws OutOfMemoryError; DeviceError; ShapeError LAYOUT_MISMATCH if a buffer does not lie as its value declares
   */
  compile(plan: Plan, bound: ReadonlyMap<Value, B>): Promise<Program<B>>;
  /** In bytes: handed out now, held by the device, the most that was handed out. */
  memory(): { used: number; allocated: number; peak: number };
  destroy(): void;
}

/** How the weights of matmuls are stored: "int8" has a scale for each row and rounds the other factor as well. */
export type WeightType = "f32" | "f16" | "int8";

/** @throws ShapeError unless the buffer bound to `value` lies as that declares. */
export function checkLayout({ name, layout }: Value, isPacked: boolean): void {
  if ((layout === "packed") === isPacked) return;
  const found = isPacked ? "packed" : "rows";
  throw new ShapeError(
    "LAYOUT_MISMATCH",
    `${name}: declared to lie ${layout}, and its buffer lies ${found}; make it with param()`,
  );
}
