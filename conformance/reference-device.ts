/**
 * A device that computes every plan in float64 and rounds its outputs to f32 once: what no device can do better. The suite's positive
 * control.
 */

import type { Device, Program } from "../gpu/device.js";
import { size } from "../gpu/graph/ops.js";
import type { Plan } from "../gpu/graph/plan.js";
import type { Value } from "../gpu/graph/tape.js";
import { runPlan } from "./reference.js";

/** Numbers as they were given. */
interface Numbers {
  readonly data: Float64Array;
}

const numbers = (count: number): Numbers => ({ data: new Float64Array(count) });

export class ReferenceDevice implements Device<Numbers> {
  readonly kind = "wasm";
  readonly maxValueBytes = 2 ** 30;
  readonly tempBytes = 2 ** 30;
  readonly numberBytes = 4;
  readonly weights = "f32";

  async buffer(count: number): Promise<Numbers> {
    return numbers(count);
  }

  async param(_: Value, data: Float32Array): Promise<Numbers> {
    return { data: Float64Array.from(data) };
  }

  async write({ data }: Numbers, given: Float32Array): Promise<void> {
    data.set(given);
  }

  async read({ data }: Numbers, count: number): Promise<Float32Array> {
    return Float32Array.from(data.subarray(0, count));
  }

  release(): void {}

  async compile(plan: Plan, bound: ReadonlyMap<Value, Numbers>): Promise<Program<Numbers>> {
    const given = (value: Value) => (bound.get(value) as Numbers).data.subarray(0, size(value.shape));
    const outputs = plan.outputs.map((value) => numbers(size(value.shape)));
    return {
      outputs,
      async run() {
        const computed = runPlan(plan, given);
        return computed.map((output, i) => {
          outputs[i].data.set(output);
          return Float32Array.from(output);
        });
      },
      destroy() {},
    };
  }

  memory() {
    return { used: 0, allocated: 0, peak: 0 };
  }

  destroy(): void {}
}
