/**
 * A device that computes every plan in float64 and rounds its outputs to f32 once, or all that it stores to f16: what no device can do
 * better. The suite's positive control.
 */

import { checkLayout, type Device, type Program } from "../gpu/device.js";
import { size } from "../gpu/graph/op.js";
import type { Plan } from "../gpu/graph/plan.js";
import type { Value } from "../gpu/graph/tape.js";
import { f16ToF32, f32ToF16 } from "../sdk/wasm/half.js";
import { homeOf, runPlan } from "./reference.js";

/** Elements as they were given; row-major, whatever layout they are declared to lie in. */
interface Numbers {
  readonly data: Float64Array;
  readonly isPacked?: boolean;
}

const halved = (data: Float32Array | Float64Array) => Float64Array.from(f16ToF32(f32ToF16(Float32Array.from(data))));

const numbers = (count: number): Numbers => ({ data: new Float64Array(count) });

export class ReferenceDevice implements Device<Numbers> {
  readonly kind = "wasm";
  readonly maxValueBytes = 2 ** 30;
  readonly tempBytes = 2 ** 30;
  readonly numberBytes: 2 | 4;
  readonly weights: "f16" | "f32";

  constructor(private readonly halves = false) {
    this.numberBytes = halves ? 2 : 4;
    this.weights = halves ? "f16" : "f32";
  }

  /** What remains of given numbers where they are stored. */
  private stored(data: Float32Array): Float64Array {
    return this.halves ? halved(data) : Float64Array.from(data);
  }

  async buffer(count: number): Promise<Numbers> {
    return numbers(count);
  }

  async param({ layout }: Value, data: Float32Array): Promise<Numbers> {
    return { data: this.stored(data), isPacked: layout === "packed" };
  }

  async write({ data }: Numbers, given: Float32Array): Promise<void> {
    data.set(this.stored(given));
  }

  async read({ data }: Numbers, count: number): Promise<Float32Array> {
    return Float32Array.from(data.subarray(0, count));
  }

  release(): void {}

  async compile(plan: Plan, bound: ReadonlyMap<Value, Numbers>): Promise<Program<Numbers>> {
    for (const value of plan.given) checkLayout(value, bound.get(value)?.isPacked === true);
    const given = (value: Value) => (bound.get(value) as Numbers).data.subarray(0, size(value.shape));
    const outputs = plan.outputs.map((value) => numbers(size(value.shape)));
    return {
      outputs,
      run: async () => {
        const computed = runPlan(plan, given, (call, results) =>
          this.halves && !homeOf(call).isWide ? results.map(halved) : results,
        );
        for (const [i, output] of computed.entries()) outputs[i].data.set(output);
      },
      read: async () => outputs.map(({ data }) => Float32Array.from(data)),
      destroy() {},
    };
  }

  memory() {
    return { used: 0, allocated: 0, peak: 0 };
  }

  destroy(): void {}
}
