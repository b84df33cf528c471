/**
 * Pillow's antialiased resize (bilinear, bicubic) of RGB u8, exact. Source: Pillow 9.4, `src/libImaging/Resample.c`: per axis the filter
 * stretched by the scale, weights of 22 fraction bits, the horizontal pass first, rounded to u8, then the vertical one.
 *
 * What differs: a 22-bit weight is split into two parts of 16 bits, k = 2^11 high + low, so that one instruction makes eight
 * products and adds them in pairs; sums are taken modulo 2^32, in which the result fits. A table holds, for each output position, the first input
 * position (i32) and `taps` weights in pairs: two high parts (i16), two low parts. `taps` is even; spare weights are zero and stand in
 * front where the last ones would lie outside the input, so that the first position can be -1 and nothing is read past the end.
 */

const PRECISION: i32 = 22;
const HALF: i32 = 11;
const LOW: i32 = (1 << HALF) - 1;
const ROUND: i32 = 1 << (PRECISION - 1);

function bilinear(x: f64): f64 {
  return x < 1 ? 1 - x : 0;
}

/** Keys' cubic with a = -0.5. */
function bicubic(x: f64): f64 {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

function supportOf(cubic: bool, scale: f64): f64 {
  return (cubic ? 2.0 : 1.0) * max(scale, 1);
}

/** First input position that counts for the output position centred at `center`. */
function beginOf(center: f64, support: f64): i32 {
  return max(<i32>(center - support + 0.5), 0);
}

/** One more than the last input position that counts. */
function endOf(center: f64, support: f64, input: i32): i32 {
  return min(<i32>(center + support + 0.5), input);
}

/** Weights that an output position of `input` -> `output` needs, from `first` to `first + count - 1`; rounded up to even. */
export function pillowTaps(input: i32, output: i32, cubic: bool, first: i32, count: i32): i32 {
  const scale = <f64>input / <f64>output;
  const support = supportOf(cubic, scale);
  let taps = 0;
  for (let i = first; i < first + count; i++) {
    const center = (<f64>i + 0.5) * scale;
    taps = max(taps, endOf(center, support, input) - beginOf(center, support));
  }
  return (taps + 1) & ~1;
}

/** Bytes of one output position's entry in the table. */
export function pillowEntry(taps: i32): i32 {
  return 4 + 4 * taps;
}

/** The first input position of table entry `entry`. */
export function pillowFirst(entry: usize): i32 {
  return load<i32>(entry);
}

/** Stores weight `k` at place `j` of an entry: its high half, and four bytes on its low one. */
function storeWeight(entry: usize, j: i32, k: i32): void {
  const at = entry + 4 + ((<usize>j >> 1) << 3) + ((<usize>j & 1) << 1);
  store<i16>(at, <i16>(k >> HALF));
  store<i16>(at, <i16>(k & LOW), 4);
}

/** Fills the table for output positions `first` to `first + count - 1`; `weights` has room for `taps` f64 (see `pillowTaps`). */
export function pillowTable(
  table: usize,
  weights: usize,
  input: i32,
  output: i32,
  cubic: bool,
  first: i32,
  count: i32,
  taps: i32,
): void {
  const scale = <f64>input / <f64>output;
  const shrink = 1.0 / max(scale, 1);
  const support = supportOf(cubic, scale);
  for (let i = 0; i < count; i++) {
    const center = (<f64>(first + i) + 0.5) * scale;
    const begin = beginOf(center, support);
    const used = endOf(center, support, input) - begin;
    let sum: f64 = 0;
    for (let j = 0; j < used; j++) {
      const x = abs((<f64>(j + begin) - center + 0.5) * shrink);
      const weight = cubic ? bicubic(x) : bilinear(x);
      store<f64>(weights + ((<usize>j) << 3), weight);
      sum += weight;
    }
    const entry = table + <usize>i * pillowEntry(taps);
    const start = min(begin, input - taps);
    store<i32>(entry, start);
    for (let j = 0; j < taps; j++) {
      const tap = j - (begin - start);
      let k = 0;
      if (tap >= 0 && tap < used) {
        const weight = (load<f64>(weights + ((<usize>tap) << 3)) / sum) * <f64>(1 << PRECISION);
        k = <i32>(weight < 0 ? weight - 0.5 : weight + 0.5);
      }
      storeWeight(entry, j, k);
    }
  }
}

/** Four sums in two parts -> four rounded values of 8 bits, not yet clamped. */
function finish(high: v128, low: v128): v128 {
  const sum = i32x4.add(i32x4.add(i32x4.shl(high, HALF), low), i32x4.splat(ROUND));
  return i32x4.shr_s(sum, PRECISION);
}

/**
 * Horizontal pass over `rows` rows of `width` pixels: `columns` pixels a row, those of the table. Reads up to five bytes in front of a
 * row, none behind; `to` has room for one byte more than the result.
 */
export function pillowRows(from: usize, width: i32, rows: i32, to: usize, columns: i32, table: usize, taps: i32): void {
  // [r0 r1 g0 g1 b0 b1] of two pixels that end at byte 7, as u16
  const pair = i8x16(2, -1, 5, -1, 3, -1, 6, -1, 4, -1, 7, -1, -1, -1, -1, -1);
  const zero = i32x4.splat(0);
  for (let y = 0; y < rows; y++) {
    let entry = table;
    for (let x = 0; x < columns; x++) {
      let pixels = from + load<i32>(entry) * 3 - 2;
      let high = zero;
      let low = zero;
      entry += 4;
      for (let j = 0; j < taps; j += 2) {
        const values = i8x16.swizzle(v128.load64_zero(pixels), pair);
        high = i32x4.add(high, i32x4.dot_i16x8_s(values, v128.load32_splat(entry)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(values, v128.load32_splat(entry, 4)));
        pixels += 6;
        entry += 8;
      }
      const rounded = i16x8.narrow_i32x4_s(finish(high, low), zero);
      v128.store32_lane(to, i8x16.narrow_i16x8_u(rounded, rounded), 0);
      to += 3;
    }
    from += <usize>width * 3;
  }
}

/** Eight neighbouring bytes of one output row; `from` is their column in input row 0. Row -1, of weight zero, is not read. */
function columnBlock(from: usize, stride: usize, first: i32, weights: usize, taps: i32): v128 {
  let highA = i32x4.splat(0);
  let highB = i32x4.splat(0);
  let lowA = i32x4.splat(0);
  let lowB = i32x4.splat(0);
  for (let j = 0; j < taps; j += 2) {
    const even = v128.load64_zero(from + <usize>max(first + j, 0) * stride);
    const odd = v128.load64_zero(from + <usize>(first + j + 1) * stride);
    const pairs = i8x16.shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const a = i16x8.extend_low_i8x16_u(pairs);
    const b = i16x8.extend_high_i8x16_u(pairs);
    const high = v128.load32_splat(weights);
    const low = v128.load32_splat(weights, 4);
    highA = i32x4.add(highA, i32x4.dot_i16x8_s(a, high));
    highB = i32x4.add(highB, i32x4.dot_i16x8_s(b, high));
    lowA = i32x4.add(lowA, i32x4.dot_i16x8_s(a, low));
    lowB = i32x4.add(lowB, i32x4.dot_i16x8_s(b, low));
    weights += 8;
  }
  const rounded = i16x8.narrow_i32x4_s(finish(highA, lowA), finish(highB, lowB));
  return i8x16.narrow_i16x8_u(rounded, rounded);
}

/**
 * Vertical pass: `rows` rows of `bytes` bytes, those of the table, from rows of as many bytes whose first is number `skipped` of the
 * table's. `from` and `to` have room for seven bytes more: a row's last block runs over into the next row, which comes later.
 */
export function pillowColumns(
  from: usize,
  bytes: i32,
  skipped: i32,
  to: usize,
  rows: i32,
  table: usize,
  taps: i32,
): void {
  for (let y = 0; y < rows; y++) {
    const first = load<i32>(table) - skipped;
    for (let x = 0; x < bytes; x += 8) {
      v128.store64_lane(to + x, columnBlock(from + x, bytes, first, table + 4, taps), 0);
    }
    to += bytes;
    table += pillowEntry(taps);
  }
}
