/** Runs one case of the op table on a device. */

import type { Device } from "../gpu/device.js";
import { size } from "../gpu/graph/ops.js";
import { plan } from "../gpu/graph/plan.js";
import type { Value } from "../gpu/graph/tape.js";
import type { OpCase } from "./ops.cases.js";

/** The output of the case's call; every number of the device's memory that is not an input starts as NaN. */
export async function runCase(device: Device, { call, inputs }: OpCase): Promise<Float32Array> {
  const bound = new Map<Value, unknown>();
  for (const [i, value] of call.inputs.entries()) {
    const use = call.op.startsWith("linear") && i === 1 ? "weight" : "plain";
    bound.set(value, await device.param(value, inputs[i], use));
  }
  const program = await device.compile(plan([call], [call.output]), bound);
  await device.write(program.outputs[0], new Float32Array(size(call.output.shape)).fill(Number.NaN));
  const [output] = await program.run();
  program.destroy();
  for (const buffer of bound.values()) device.release(buffer);
  return output;
}
