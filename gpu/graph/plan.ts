/** From calls to a plan: dead calls dropped, and a reusable buffer slot for every temporary (best fit over lifetimes). */

import { ShapeError } from "../errors.js";
import { size } from "./op.js";
import { type Call, updatedBy, type Value } from "./tape.js";

/** What a device compiles. Slots are buffers of their own: no call reads and writes one slot. */
export interface Plan {
  readonly calls: readonly Call[];
  /** Values with role `input`, `param` or `state` that some call reads. */
  readonly given: readonly Value[];
  /** Kept until the next run. */
  readonly outputs: readonly Value[];
  /** Elements of each slot. */
  readonly slots: readonly number[];
  /** The slot of every temporary that is read: an unread output has no slot, and no kernel writes it. */
  readonly slotOf: ReadonlyMap<Value, number>;
}

/** Plans `calls` so that `outputs` (each made by a call) are available after a run. @throws ShapeError LAYOUT_MISMATCH */
export function plan(calls: readonly Call[], outputs: readonly Value[]): Plan {
  const live = liveCalls(calls, outputs);
  live.forEach(checkLayouts);
  const given = new Set(live.flatMap((call) => call.inputs).filter((value) => value.role !== "temp"));
  return { calls: live, given: [...given], outputs, ...assignSlots(live, outputs) };
}

/** A kernel reads an input in the layout that its op names, and no other. */
function checkLayouts({ op, rule, inputs, outputs }: Call): void {
  inputs.forEach((value, i) => {
    const name = rule.inputs[i].replace("?", "");
    const wanted = rule.layouts?.[name] ?? "rows";
    if (value.layout === wanted) return;
    const hint = "declare the parameter in the layout that all its readers take, or give them one each";
    const what = `${outputs[0]?.name ?? op}: ${op} reads its ${name} "${value.name}" ${wanted}, and it lies ${value.layout}`;
    throw new ShapeError("LAYOUT_MISMATCH", `${what}; ${hint}`);
  });
}

/** Calls whose outputs are needed, and those that change state. */
function liveCalls(calls: readonly Call[], outputs: readonly Value[]): Call[] {
  const needed = new Set(outputs);
  const live: Call[] = [];
  for (const call of calls.toReversed()) {
    if (updatedBy(call).length === 0 && !call.outputs.some((output) => needed.has(output))) continue;
    for (const input of call.inputs) needed.add(input);
    live.unshift(call);
  }
  return live;
}

function assignSlots(calls: readonly Call[], outputs: readonly Value[]) {
  const lastUse = new Map<Value, number>();
  calls.forEach((call, i) => {
    for (const input of call.inputs) lastUse.set(input, i);
  });
  for (const output of outputs) lastUse.set(output, Number.POSITIVE_INFINITY);

  const slots: number[] = [];
  const slotOf = new Map<Value, number>();
  const free: number[] = [];
  calls.forEach((call, i) => {
    for (const output of call.outputs) {
      if (lastUse.has(output)) slotOf.set(output, takeSlot(slots, free, size(output.shape)));
    }
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
