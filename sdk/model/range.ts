/** What a device's narrow numbers cannot hold of a model's weights, found before anything is computed. */

import type { Device } from "../../gpu/device.js";
import { OptionError } from "../../gpu/errors.js";
import type { Value } from "../../gpu/graph/tape.js";

/** From here on numbers round to infinity in f16, whose largest is 65504. */
const F16_END = 65520;

function checkHalf(name: string, data: Float32Array): void {
  let at = 0;
  for (let i = 1; i < data.length; i++) if (Math.abs(data[i]) > Math.abs(data[at])) at = i;
  if (!(Math.abs(data[at]) >= F16_END)) return;
  const fix = `f16 holds numbers up to 65504: use dtype "f32"`;
  throw new OptionError("DTYPE_RANGE", `${name}: the largest number, element ${at}, is ${data[at]}; ${fix}`);
}

/** How many columns of a weight may be how many times as large as the median: measured by test/int8-outliers.test.ts. */
const [MANY, LARGE, LARGEST] = [2, 15, 20];

/** The largest magnitude of each column of [n,k]. */
function columnsOf(data: Float32Array, k: number): Float32Array {
  const largest = new Float32Array(k);
  for (let row = 0; row < data.length; row += k) {
    for (let j = 0; j < k; j++) largest[j] = Math.max(largest[j], Math.abs(data[row + j]));
  }
  return largest;
}

/** Ratio of the `rank`-th largest value to the median. Columns of zeros do not count: int8 stores them exactly. */
function excess(values: Float32Array, rank: number): number {
  const sorted = values.filter((value) => value > 0).sort();
  return sorted.length < rank ? 0 : sorted[sorted.length - rank] / sorted[sorted.length >> 1];
}

function checkColumns(name: string, data: Float32Array, k: number, gains: Float32Array | undefined): void {
  const columns = columnsOf(data, k);
  const [alone, withGains] = [
    excess(columns, 1),
    gains
      ? excess(
          gains.map((gain, j) => gain * columns[j]),
          MANY,
        )
      : 0,
  ];
  if (alone < LARGEST && withGains < LARGE) return;
  const found =
    alone < LARGEST
      ? `with the gains of the norm before it ${MANY} columns are at least ${Math.round(withGains)} times as large as the median`
      : `a column is ${Math.round(alone)} times as large as the median`;
  throw new OptionError("DTYPE_RANGE", `${name}: ${found}; int8 would lose the others: use dtype "f16" or "f32"`);
}

/**
 * A check of parameters, in the order of the tape, for what `device` stores of them: numbers beyond f16; columns of weights that 8 bits do
 * not hold beside the others, also those that the gains before attention make large, whose softmax turns on small differences.
 * @throws OptionError DTYPE_RANGE naming the parameter, what was found, and the type to use
 */
export function rangeCheck(device: Pick<Device, "numberBytes" | "weights">) {
  let gains: Float32Array | undefined;
  return ({ name, shape, layout }: Value, label: string | undefined, data: Float32Array): void => {
    const shown = label ? `${label}: ${name}` : name;
    const isPacked = layout === "packed";
    if (device.numberBytes === 2 || (device.weights === "f16" && isPacked)) checkHalf(shown, data);
    if (device.weights !== "int8") return;
    if (isPacked) checkColumns(shown, data, data.length / shape[0], name.endsWith(".qkv.weight") ? gains : undefined);
    if (name.endsWith(".ln1.weight")) gains = data.map(Math.abs);
  };
}
