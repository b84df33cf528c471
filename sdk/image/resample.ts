/** Resizing within WASM memory: which tables and passes Pillow's and OpenCV's resize need, for a whole result or a part of it. */

import type { Scratch } from "../wasm/data.js";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of pixels. */
export interface Region extends Size {
  readonly left: number;
  readonly top: number;
}

/** RGB pixels in WASM memory. */
export interface Pixels extends Size {
  readonly address: number;
}

const RGB = 3;
/** Room that the kernels need behind a buffer they write. */
const SLACK = 16;

/** Pillow's weights of one axis, for output positions `first` to `first + count - 1`. */
function pillowAxis(
  { exports, alloc }: Scratch,
  input: number,
  output: number,
  cubic: boolean,
  first: number,
  count: number,
) {
  const taps = exports.pillowTaps(input, output, cubic, first, count);
  const entry = exports.pillowEntry(taps);
  const table = alloc(entry * count);
  exports.pillowTable(table, alloc(8 * taps), input, output, cubic, first, count, taps);
  const begin = Math.max(0, exports.pillowFirst(table));
  const end = exports.pillowFirst(table + entry * (count - 1)) + taps;
  return { taps, table, begin, end };
}

/** The `region` of Pillow's resize of `from` to `size`, exactly as if all of it had been computed. */
export function resizePillow(scratch: Scratch, from: Pixels, size: Size, cubic: boolean, region: Region): Pixels {
  const { exports, alloc } = scratch;
  const { left, top, width, height } = region;
  const x = pillowAxis(scratch, from.width, size.width, cubic, left, width);
  const y = pillowAxis(scratch, from.height, size.height, cubic, top, height);
  const bytes = RGB * width;
  const rows = y.end - y.begin;
  const middle = alloc(rows * bytes + SLACK);
  const firstRow = from.address + RGB * from.width * y.begin;
  exports.pillowRows(firstRow, from.width, rows, middle, width, x.table, x.taps);
  const address = alloc(height * bytes + SLACK);
  exports.pillowColumns(middle, bytes, y.begin, address, height, y.table, y.taps);
  return { address, width, height };
}

function cubicAxis({ exports, alloc }: Scratch, input: number, output: number): number {
  const table = alloc(32 * output);
  exports.cubicTable(table, input, output);
  return table;
}

/** OpenCV's bicubic resize of `from` to `size`. */
export function resizeCv2(scratch: Scratch, from: Pixels, { width, height }: Size): Pixels {
  const { exports, alloc } = scratch;
  const numbers = RGB * width;
  const middle = alloc(4 * numbers * from.height + SLACK);
  exports.cubicRows(from.address, from.width, from.height, middle, width, cubicAxis(scratch, from.width, width));
  const address = alloc(numbers * height + SLACK);
  exports.cubicColumns(middle, numbers, address, height, cubicAxis(scratch, from.height, height));
  return { address, width, height };
}
