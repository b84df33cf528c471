/** Per-op totals of a run: calls, dispatches, milliseconds, FLOPs, bytes. */

import { size } from "./graph/op.js";
import type { Call, Value } from "./graph/tape.js";

export interface OpProfile {
  /** Its name, and its epilogue if it has one: "linear gelu". */
  readonly op: string;
  calls: number;
  /** Launches of kernels: dispatches on WebGPU, steps on WASM. */
  dispatches: number;
  /** Milliseconds: the GPU's own timestamps where it has them, else wall-clock. */
  ms: number;
  /** Two for each multiply-add of `macsOf`. */
  flops: number;
  /** The least traffic: every input read once, every output written once, in f32. */
  bytes: number;
}

/** The op of a call, and its epilogue if it has one. */
export const kindOf = ({ op, attrs }: Call): string => ("epilogue" in attrs ? `${op} ${attrs.epilogue}` : op);

/** Multiply-adds of one call, counted as mmengine's `get_model_complexity_info` does. */
export function macsOf({ rule, inputs, outputs }: Call): number {
  const shapes = (values: readonly Value[]) => values.map(({ shape }) => shape);
  return rule.macs?.(shapes(inputs), shapes(outputs)) ?? 0;
}

/** Floating-point operations of one call. */
export function flopsOf(call: Call): number {
  return 2 * macsOf(call);
}

export class Profiler {
  private readonly rows = new Map<string, OpProfile>();

  add(call: Call, ms: number, dispatches: number): void {
    const op = kindOf(call);
    const row = this.rows.get(op) ?? { op, calls: 0, dispatches: 0, ms: 0, flops: 0, bytes: 0 };
    row.calls += 1;
    row.dispatches += dispatches;
    row.ms += ms;
    row.flops += flopsOf(call);
    row.bytes += 4 * [...call.inputs, ...call.outputs].reduce((sum, value) => sum + size(value.shape), 0);
    this.rows.set(op, row);
  }

  /** One row a kind of call, the slowest first. */
  table(): OpProfile[] {
    return [...this.rows.values()].sort((a, b) => b.ms - a.ms);
  }
}
