/** From calls to a plan: dead calls dropped, and a reusable buffer slot for every temporary (best fit over lifetimes). */

import { size } from "./ops.js";
import type { AnyCall, Value } from "./tape.js";

/** What a device compiles. Slots are buffers of their own: no call reads and writes one slot. */
export interface Plan {
  readonly calls: readonly AnyCall[];
  /** Values with role `input` or `param` that some call reads. */
  readonly given: readonly Value[];
  /** Kept until the next run. */
  readonly outputs: readonly Value[];
  /** Elements of each slot. */
  readonly slots: readonly number[];
  readonly slotOf: ReadonlyMap<Value, number>;
}

/** Plans `calls` so that `outputs` (each made by a call) are available after a run. */
export function plan(calls: readonly AnyCall[], outputs: readonly Value[]): Plan {
  const live = liveCalls(calls, outputs);
  const given = new Set(live.flatMap((call) => call.inputs).filter((value) => value.role !== "temp"));
  return { calls: live, given: [...given], outputs, ...assignSlots(live, outputs) };
}

function liveCalls(calls: readonly AnyCall[], outputs: readonly Value[]): AnyCall[] {
  const needed = new Set(outputs);
  const live: AnyCall[] = [];
  for (const call of calls.toReversed()) {
    if (!needed.has(call.output)) continue;
    for (const input of call.inputs) needed.add(input);
    live.unshift(call);
  }
  return live;
}

function assignSlots(calls: readonly AnyCall[], outputs: readonly Value[]) {
  const lastUse = new Map<Value, number>();
  calls.forEach((call, i) => {
    for (const input of call.inputs) lastUse.set(input, i);
  });
  for (const output of outputs) lastUse.set(output, Number.POSITIVE_INFINITY);

  const slots: number[] = [];
  const slotOf = new Map<Value, number>();
  const free: number[] = [];
  calls.forEach((call, i) => {
    slotOf.set(call.output, takeSlot(slots, free, size(call.output.shape)));
    for (const value of new Set(call.inputs)) {
      const slot = slotOf.get(value);
      if (slot !== undefined && lastUse.get(value) === i) free.push(slot);
    }
  });
  return { slots, slotOf };
}

/** The smallest free slot that holds `elements`; else the largest free one, grown; else a new one. */
function takeSlot(slots: number[], free: number[], elements: number): number {
  if (free.length === 0) return slots.push(elements) - 1;
  const fits = free.filter((slot) => slots[slot] >= elements);
  const best = fits.length
    ? fits.reduce((a, b) => (slots[b] < slots[a] ? b : a))
    : free.reduce((a, b) => (slots[b] > slots[a] ? b : a));
  free.splice(free.indexOf(best), 1);
  slots[best] = Math.max(slots[best], elements);
  return best;
}
