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

/** Where elements lie: bytes `begin` of the file on, `length` elements. */
export interface Span {
  readonly begin: number;
  readonly length: number;
}

/** Fills `out` (as many numbers as `shape` has) with the elements at `offset` and `strides` of a storage. */
export async function gather(
  source: ByteSource,
  span: Span,
  conversion: Conversion,
  { offset, shape, strides }: { offset: number; shape: readonly number[]; strides: readonly number[] },
  out: Float32Array,
): Promise<void> {
  if (out.length === 0) return;
  const dims = dimsOf(shape, strides);
  const inner = dims.pop() ?? { size: 1, stride: 1, step: 1 };
  if (dims.length === 0 && inner.stride === 1 && inner.step === 1) {
    return readF32(source, span.begin + offset * conversion.bytes, conversion, out);
  }
  const window = new Window(source, span, conversion);
  const index = dims.map(() => 0);
  let from = offset;
  let to = 0;
  for (;;) {
    for (let done = 0; done < inner.size; ) {
      const first = from + done * inner.stride;
      // Only where needed: awaiting costs more than copying a short row.
      if (!window.holds(first)) await window.load(first);
      done = copyRow(window, inner, from, to, done, out);
    }
    // The next row: an odometer over the outer dimensions, the last one fastest.
    let d = dims.length - 1;
    for (; d >= 0; d--) {
      index[d]++;
      from += dims[d].stride;
      to += dims[d].step;
      if (index[d] < dims[d].size) break;
      from -= dims[d].size * dims[d].stride;
      to -= dims[d].size * dims[d].step;
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

/** Copies what is in memory of a row along the innermost dimension; returns how far it came. */
function copyRow(
  { data, start }: Window,
  { size, stride, step }: Dim,
  from: number,
  to: number,
  done: number,
  out: Float32Array,
) {
  const first = from + done * stride - start;
  const count = stride === 0 ? size - done : Math.min(size - done, Math.ceil((data.length - first) / stride));
  if (stride === 1 && step === 1) out.set(data.subarray(first, first + count), to + done);
  else for (let i = 0; i < count; i++) out[to + (done + i) * step] = data[first + i * stride];
  return done + count;
}

/** The part of a storage that is in memory. */
class Window {
  data = new Float32Array(0);
  /** Element of the storage that `data` begins with. */
  start = 0;
  private readonly buffer: Float32Array<ArrayBuffer>;

  constructor(
    private readonly source: ByteSource,
    private readonly span: Span,
    private readonly conversion: Conversion,
  ) {
    this.buffer = new Float32Array(Math.min(CHUNK, span.length));
  }

  holds(element: number): boolean {
    return element >= this.start && element < this.start + this.data.length;
  }

  /** Reads on from element `first`. */
  async load(first: number): Promise<void> {
    this.data = this.buffer.subarray(0, Math.min(CHUNK, this.span.length - first));
    this.start = first;
    await readF32(this.source, this.span.begin + first * this.conversion.bytes, this.conversion, this.data);
  }
}
