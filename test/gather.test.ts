/** Strided tensors larger than what is read at once, against plain index arithmetic. */

import { describe, expect, it } from "vitest";
import { conversionOf } from "../sdk/checkpoint/convert.js";
import { gather } from "../sdk/checkpoint/torch/gather.js";
import { bytesSource } from "../sdk/io/source.js";
import { dice, rounds } from "./helpers.js";

/** 3 million numbers, 12 MB: three reads. */
const COUNT = 3_000_000;
const numbers = Float32Array.from({ length: COUNT }, (_, i) => i % 16_777_213);
const span = { begin: 8, length: COUNT };
const bytes = new Uint8Array(8 + numbers.byteLength);
bytes.set(new Uint8Array(numbers.buffer), 8);

interface View {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

function expected({ offset, shape, strides }: View): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: count }, (_, i) => {
    let rest = i;
    let at = offset;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += (rest % shape[d]) * strides[d];
      rest = Math.floor(rest / shape[d]);
    }
    return numbers[at];
  });
}

async function read(view: View): Promise<{ data: Float32Array; reads: number; largest: number }> {
  const inner = bytesSource(bytes);
  let [reads, largest] = [0, 0];
  const source = {
    ...inner,
    read(offset: number, length: number, into?: Uint8Array) {
      reads++;
      largest = Math.max(largest, length);
      return inner.read(offset, length, into);
    },
  };
  const data = new Float32Array(view.shape.reduce((a, b) => a * b, 1)).fill(Number.NaN);
  await gather(source, span, conversionOf("F32")!, view, data);
  return { data, reads, largest };
}

const same = (a: Float32Array, b: Float32Array) => a.length === b.length && a.every((value, i) => value === b[i]);

describe("gather", () => {
  it.each<[string, View]>([
    ["contiguous", { offset: 0, shape: [3000, 1000], strides: [1000, 1] }],
    ["transposed", { offset: 0, shape: [1000, 3000], strides: [1, 1000] }],
    ["permuted", { offset: 0, shape: [100, 300, 100], strides: [1, 10_000, 100] }],
    ["a part", { offset: 123_457, shape: [2000, 777], strides: [1000, 1] }],
    ["every seventh", { offset: 3, shape: [428_000], strides: [7] }],
  ])("%s", async (name, view) => {
    const { data, reads, largest } = await read(view);
    expect(same(data, expected(view))).toBe(true);
    expect(reads).toBeLessThanOrEqual(3);
    // what is stored as it is wanted goes straight to its place
    expect(largest).toBeLessThanOrEqual(name === "contiguous" ? 4 * COUNT : 2 ** 22);
  });

  it("random views", async () => {
    const roll = dice(3);
    let inside = 0;
    for (let i = 0; i < rounds(300); i++) {
      const shape = Array.from({ length: roll(5) }, () => roll(6));
      const strides = shape.map(() => [0, 1, 2, 5, 30, 1000, 400_000][roll(7)]);
      const last = shape.reduce((sum, n, d) => sum + Math.max(0, n - 1) * strides[d], 0);
      if (last >= COUNT) continue;
      const view = { offset: roll(COUNT - last), shape, strides };
      expect(same((await read(view)).data, expected(view)), JSON.stringify(view)).toBe(true);
      inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(rounds(299));
  });
});
