/** Reads a strided tensor as row-major f32, in the order in which the file stores it: at once where that is row-major, else in chunks. */

import type { ByteSource } from "../../io/types.js";
import { type Conversion, readF32 } from "../convert.js";

/** Elements in a chunk. */
const CHUNK = 2 ** 20;

/** A dimension: its size, the distance of its elements in the storage, and in the row-major result. */
interface Dim {
  readonly size: number;
  readonly stride: number;
  readonly step: number;
}

/** Dimensions by falling stride, those of one element left out and those that continue each other joined. */
function dimsOf(shape: readonly number[], strides: readonly number[]): Dim[] {
  const dims: Dim[] = [];
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1) dims.unshift({ size: shape[i], stride: strides[i], step });
    step *= shape[i];
  }
  dims.sort((a, b) => b.stride - a.stride);
  for (let i = dims.length - 1; i > 0; i--) {
    const [outer, inner] = [dims[i - 1], dims[i]];
    const joins = outer.stride === inner.size * inner.stride && outer.step === inner.size * inner.step;
    if (joins) dims.splice(i - 1, 2, { ...inner, size: outer.size * inner.size });
  }
  return dims;
}

/**
 * Fills `out` (one element for each of `shape`) with the elements at `offset` and `strides` of a storage of `length` elements, from byte
 * `begin` of the file on.
 */
export async function gather(
  source: ByteSource,
  { begin, length }: { begin: number; length: number },
  conversion: Conversion,
  { offset, shape, strides }: { offset: number; shape: readonly number[]; strides: readonly number[] },
  out: Float32Array,
): Promise<void> {
  const dims = dimsOf(shape, strides);
  if (dims.every(({ stride, step }) => stride === 1 && step === 1)) {
    return readF32(source, begin + offset * conversion.bytes, conversion, out);
  }
  const buffer = new Float32Array(Math.min(CHUNK, length));
  /** The part of the storage that is in memory, from element `start` on. */
  let [data, start] = [buffer.subarray(0, 0), 0];
  const index = dims.map(() => 0);
  let [from, to] = [offset, 0];
  for (let left = out.length; left > 0; left--) {
    if (from < start || from >= start + data.length) {
      start = from;
      data = buffer.subarray(0, Math.min(CHUNK, length - start));
      await readF32(source, begin + start * conversion.bytes, conversion, data);
    }
    out[to] = data[from - start];
    // The next element: an odometer over the dimensions, the last one fastest.
    for (let d = dims.length - 1; d >= 0; d--) {
      const { size, stride, step } = dims[d];
      index[d]++;
      from += stride;
      to += step;
      if (index[d] < size) break;
      index[d] = 0;
      from -= size * stride;
      to -= size * step;
    }
  }
}
