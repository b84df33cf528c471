/** Resizing within WASM memory: which tables and passes Pillow's and OpenCV's resize need, for a whole result or a part of it. */

import type { Scratch } from "../wasm/data.js";
import type { Image } from "./image.js";

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
/** As many bytes of an image are in WASM memory at once: they stay in the cache from their copy to the horizontal pass. */
const BAND_BYTES = 2 ** 18;

/** Pillow's weights of one axis, and the input positions that they are for. */
interface PillowAxis {
  readonly taps: number;
  readonly table: number;
  readonly begin: number;
  readonly end: number;
}

/** Pillow's weights of one axis, for output positions `first` to `first + count - 1`. */
function pillowAxis(
  { exports, alloc }: Scratch,
  input: number,
  output: number,
  cubic: boolean,
  first: number,
  count: number,
): PillowAxis {
  const taps = exports.pillowTaps(input, output, cubic, first, count);
  const entry = exports.pillowEntry(taps);
  const table = alloc(entry * count);
  exports.pillowTable(table, alloc(8 * taps), input, output, cubic, first, count, taps);
  const begin = Math.max(0, exports.pillowFirst(table));
  const end = exports.pillowFirst(table + entry * (count - 1)) + taps;
  return { taps, table, begin, end };
}

/** The horizontal pass over `rows` rows of an image from row `first` on; the address of the result, rows of `width` pixels. */
function pillowRows(scratch: Scratch, from: Image, first: number, rows: number, width: number, x: PillowAxis): number {
  const { exports, alloc, write } = scratch;
  const [bytes, input] = [RGB * width, RGB * from.width];
  const result = alloc(rows * bytes + SLACK);
  const most = Math.max(1, Math.floor(BAND_BYTES / input));
  const band = alloc(Math.min(rows, most) * input);
  for (let row = 0; row < rows; row += most) {
    const count = Math.min(rows - row, most);
    const start = (first + row) * input;
    write(band, from.data.subarray(start, start + count * input));
    exports.pillowRows(band, from.width, count, result + row * bytes, width, x.table, x.taps);
  }
  return result;
}

/** The `region` of Pillow's resize of `from` to `size`, exactly as if all of it had been computed. */
export function resizePillow(scratch: Scratch, from: Image, size: Size, cubic: boolean, region: Region): Pixels {
  const { exports, alloc } = scratch;
  const { left, top, width, height } = region;
  const x = pillowAxis(scratch, from.width, size.width, cubic, left, width);
  const y = pillowAxis(scratch, from.height, size.height, cubic, top, height);
  const middle = pillowRows(scratch, from, y.begin, y.end - y.begin, width, x);
  const address = alloc(RGB * width * height + SLACK);
  exports.pillowColumns(middle, RGB * width, y.begin, address, height, y.table, y.taps);
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
