/** Per-op totals of a run: calls, dispatches, milliseconds, FLOPs, bytes. */

import { ops, size } from "./graph/ops.js";
import type { AnyCall } from "./graph/tape.js";

export interface OpProfile {
  readonly op: string;
  calls: number;
  /** Launches of kernels: dispatches on WebGPU, steps on WASM. */
  dispatches: number;
  /** Milliseconds: the GPU's own timestamps where it has them, else wall-clock. */
  ms: number;
  /** Two for each multiply-add of `ops[op].macs`. */
  flops: number;
  /** The least traffic: every input read once, the output written once, in f32. */
  bytes: number;
}

/** Floating-point operations of one call. */
export function flopsOf(call: AnyCall): number {
  const shapes = call.inputs.map((value) => value.shape);
  return 2 * ops[call.op].macs(shapes, call.output.shape);
}

export class Profiler {
  private readonly rows = new Map<string, OpProfile>();

  add(call: AnyCall, ms: number, dispatches: number): void {
    const row = this.rows.get(call.op) ?? { op: call.op, calls: 0, dispatches: 0, ms: 0, flops: 0, bytes: 0 };
    row.calls += 1;
    row.dispatches += dispatches;
    row.ms += ms;
    row.flops += flopsOf(call);
    row.bytes += 4 * [...call.inputs, call.output].reduce((sum, value) => sum + size(value.shape), 0);
    this.rows.set(call.op, row);
  }

  /** One row an op, the slowest first. */
  table(): OpProfile[] {
    return [...this.rows.values()].sort((a, b) => b.ms - a.ms);
  }
}
