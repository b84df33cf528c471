/**
 * y = x W^T + b in integers: W [n,k] in 8 bits with a scale for each of its rows, x in up to 16 with one for each of its rows (symmetric,
 * from the largest magnitude; Jacob et al., 2018, who give both 8 bits). Products are summed exactly in 32 bits.
 *
 * Integers are multiplied in pairs of 16 bits (`dot_i16x8_s`), to which a panel of W is widened for all rows at once. GFLOP/s of one
 * thread of an AMD EPYC (Zen 4), 2026-11: 83 on Node 20, 90 on Node 24, 150 with turbo; relaxed dot products of bytes, which allow
 * only 7 bits on one side, 27, 87 and 169.
 *
 * A tile has 4 x 8 outputs in every build. x travels as [k/2][4][2], W as panels [k/2][8][2]; an odd k is filled up with a zero.
 */

import { finishTile } from "./lib/epilogue";
import { share, take } from "./lib/math";
import { arg, Kernel } from "./lib/step";

const ROWS: i32 = 4;
const COLUMNS: i32 = 8;
export const INT8_COLUMNS: i32 = COLUMNS;
/** What the largest magnitude of a row of W becomes. */
const LARGEST: f32 = 127;
/** What is smaller counts as zero: its reciprocal overflows. */
const LEAST: f32 = 1e-30;

function pairs(k: i32): usize {
  return <usize>(k + 1) / 2;
}

function panelsOf(n: i32): usize {
  return <usize>(n + COLUMNS - 1) / COLUMNS;
}

/** Bytes of W [n,k]: its panels, then a scale for each column of a panel. */
export function int8Bytes(n: i32, k: i32): usize {
  return panelsOf(n) * (pairs(k) * COLUMNS * 2 + COLUMNS * 4);
}

function scalesOf(weights: usize, n: i32, k: i32): usize {
  return weights + panelsOf(n) * pairs(k) * COLUMNS * 2;
}

/**
 * The integer for the largest magnitude of a row of x [.,k]: 127 times the largest power of two at which an element fits 16 bits and a sum of
 * k products with W fits 32 bits (127 * 128 for k = 768). A power of two keeps whole numbers up to 127 exact. If one element is 50 times as
 * large as the others, 8 bits are left for the others.
 */
function largestInput(k: i32): f32 {
  const room = i32.MAX_VALUE / (127 * 127 * k);
  return LARGEST * <f32>(1 << min(8, 31 - clz(room | 1)));
}

/** The scale of `k` numbers: the integer `largest` stands for the largest magnitude. NaN where one of them is NaN. */
function scaleOf(x: usize, k: i32, largest: f32): f32 {
  let top: f32 = 0;
  const end = x + ((<usize>k) << 2);
  let lanes = f32x4.splat(0);
  for (; x + 16 <= end; x += 16) lanes = f32x4.max(lanes, f32x4.abs(v128.load(x)));
  for (; x < end; x += 4) top = max(top, abs(load<f32>(x)));
  top = max(
    top,
    max(
      max(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1)),
      max(f32x4.extract_lane(lanes, 2), f32x4.extract_lane(lanes, 3)),
    ),
  );
  return top < LEAST ? 0 : top / largest;
}

function inverseOf(scale: f32): f32 {
  return scale == 0 ? 0 : 1 / scale;
}

/** Rows `first` to `first + count - 1` of W [n,k], which stand at `rows`, into `weights`; `first` is a multiple of 8. */
export function packInt8(rows: usize, first: i32, count: i32, n: i32, k: i32, weights: usize): void {
  const scales = scalesOf(weights, n, k);
  for (let j = first; j < first + count; j++) {
    const scale = scaleOf(rows, k, LARGEST);
    const inverse = inverseOf(scale);
    store<f32>(scales + ((<usize>j) << 2), scale);
    const panel = weights + (<usize>(j / COLUMNS) * pairs(k) * COLUMNS + <usize>(j % COLUMNS)) * 2;
    for (let i = 0; i < k; i++) {
      const to = panel + <usize>(i / 2) * COLUMNS * 2 + <usize>(i & 1);
      store<i8>(to, <i8>nearest(load<f32>(rows) * inverse));
      rows += 4;
    }
    if (k & 1) store<i8>(panel + <usize>(k / 2) * COLUMNS * 2 + 1, 0);
  }
}

/** W [n,k] row-major, as the integers have it. */
export function unpackInt8(weights: usize, n: i32, k: i32, to: usize): void {
  const scales = scalesOf(weights, n, k);
  for (let j = 0; j < n; j++) {
    const scale = load<f32>(scales + ((<usize>j) << 2));
    const panel = weights + (<usize>(j / COLUMNS) * pairs(k) * COLUMNS + <usize>(j % COLUMNS)) * 2;
    for (let i = 0; i < k; i++) {
      store<f32>(to, <f32>load<i8>(panel + <usize>(i / 2) * COLUMNS * 2 + <usize>(i & 1)) * scale);
      to += 4;
    }
  }
}

function tiles(rows: i32): i32 {
  return (rows + ROWS - 1) / ROWS;
}

/** Bytes of shared memory that `linearPackInt8` fills: the tiles, then a scale for each row. */
export function linearPackInt8Bytes(rows: i32, k: i32): usize {
  return <usize>tiles(rows) * ROWS * (pairs(k) * 4 + 4);
}

function rowScales(packed: usize, rows: i32, k: i32): usize {
  return packed + <usize>tiles(rows) * ROWS * pairs(k) * 4;
}

/** x [rows,k] -> integers, in tiles of four rows; rows beyond the last are not written. */
function packInput8(x: usize, packed: usize, rows: i32, k: i32, thread: i32, threads: i32): void {
  const scales = rowScales(packed, rows, k);
  const last = share(rows, thread + 1, threads);
  for (let r = share(rows, thread, threads); r < last; r++) {
    const row = x + <usize>r * ((<usize>k) << 2);
    const scale = scaleOf(row, k, largestInput(k));
    store<f32>(scales + ((<usize>r) << 2), scale);
    packRow(row, k, inverseOf(scale), packed + (<usize>(r / ROWS) * pairs(k) * ROWS + <usize>(r % ROWS)) * 4);
  }
}

/** Pairs of integers, a tile's four rows apart. */
function packRow(x: usize, k: i32, inverse: f32, to: usize): void {
  const factor = f32x4.splat(inverse);
  let i = 0;
  for (; i + 4 <= k; i += 4) {
    const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), factor)));
    const narrow = i16x8.narrow_i32x4_s(q, q);
    store<i32>(to, i32x4.extract_lane(narrow, 0));
    store<i32>(to, i32x4.extract_lane(narrow, 1), ROWS * 4);
    x += 16;
    to += ROWS * 8;
  }
  for (; i < k; i += 2) {
    store<i16>(to, <i16>nearest(load<f32>(x) * inverse));
    store<i16>(to, i + 1 < k ? <i16>nearest(load<f32>(x, 4) * inverse) : 0, 2);
    x += 8;
    to += ROWS * 4;
  }
}

/** Bytes of working memory of each thread: a widened panel and a tile. */
export function linearInt8Scratch(k: i32): usize {
  return pairs(k) * COLUMNS * 4 + ROWS * COLUMNS * 4;
}

/** As `matmul` in linear.ts, from `packed` x of `packInput8` and `weights` of `packInt8`. */
function matmul8(
  weights: usize,
  bias: usize,
  residual: usize,
  y: usize,
  rows: i32,
  k: i32,
  n: i32,
  epilogue: i32,
  first: i32,
  last: i32,
  chunk: i32,
  counter: usize,
  packed: usize,
  scratch: usize,
): void {
  const edge = scratch + pairs(k) * COLUMNS * 4;
  const ld = (<usize>n) << 2;
  const scales = rowScales(packed, rows, k);
  for (let from = first + take(counter, chunk); from < last; from = first + take(counter, chunk)) {
    for (let p = from; p < min(last, from + chunk); p++) {
      widen(weights + <usize>p * pairs(k) * COLUMNS * 2, scratch, pairs(k));
      const column = (<usize>(p * COLUMNS)) << 2;
      const columnScales = scalesOf(weights, n, k) + column;
      for (let r = 0; r < rows; r += ROWS) {
        tile8(packed + <usize>r * pairs(k) * 4, scratch, pairs(k), edge);
        scaleTile(edge, scales + ((<usize>r) << 2), columnScales, bias + column);
        const at = <usize>r * ld + column;
        finishTile(
          edge,
          COLUMNS,
          min(ROWS, rows - r),
          min(COLUMNS, n - p * COLUMNS),
          y + at,
          residual + at,
          ld,
          epilogue,
        );
      }
    }
  }
}

function widen(panel: usize, to: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) {
    v128.store(to, v128.load_ext<i8>(panel));
    v128.store(to, v128.load_ext<i8>(panel, 8), 16);
    panel += 16;
    to += 32;
  }
}

/** a + the sums of neighbouring products. */
function dot(x: v128, b: v128, a: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(x, b), a);
}

/** c [4,8] = a b; a: [count][4][2], b: [count][8][2]. */
function tile8(a: usize, b: usize, count: usize, c: usize): void {
  let s00 = i32x4.splat(0);
  let s01 = i32x4.splat(0);
  let s10 = i32x4.splat(0);
  let s11 = i32x4.splat(0);
  let s20 = i32x4.splat(0);
  let s21 = i32x4.splat(0);
  let s30 = i32x4.splat(0);
  let s31 = i32x4.splat(0);
  const end = a + (count << 4);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = dot(x, b0, s00);
    s01 = dot(x, b1, s01);
    x = v128.load32_splat(a, 4);
    s10 = dot(x, b0, s10);
    s11 = dot(x, b1, s11);
    x = v128.load32_splat(a, 8);
    s20 = dot(x, b0, s20);
    s21 = dot(x, b1, s21);
    x = v128.load32_splat(a, 12);
    s30 = dot(x, b0, s30);
    s31 = dot(x, b1, s31);
    a += 16;
    b += 32;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c, s10, 32);
  v128.store(c, s11, 48);
  v128.store(c, s20, 64);
  v128.store(c, s21, 80);
  v128.store(c, s30, 96);
  v128.store(c, s31, 112);
}

/** In place: integers c [4,8] -> c * row scale * column scale + bias. */
function scaleTile(c: usize, rowScale: usize, columnScale: usize, bias: usize): void {
  for (let r = 0; r < ROWS; r++) {
    const row = v128.load32_splat(rowScale + ((<usize>r) << 2));
    for (let i: usize = 0; i < 32; i += 16) {
      const scale = f32x4.mul(row, v128.load(columnScale + i));
      v128.store(c, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v128.load(c)), scale), v128.load(bias + i)));
      c += 16;
    }
  }
}

function step(s: usize, _t: i32, _n: i32, counter: usize, shared: usize, own: usize): void {
  matmul8(
    arg(s, 0),
    arg(s, 1),
    arg(s, 2),
    arg(s, 3),
    arg(s, 4),
    arg(s, 5),
    arg(s, 6),
    arg(s, 7),
    arg(s, 8),
    arg(s, 9),
    arg(s, 10),
    counter,
    shared,
    own,
  );
}

function packStep(s: usize, t: i32, n: i32, _counter: usize, shared: usize, _own: usize): void {
  packInput8(arg(s, 0), shared, arg(s, 1), arg(s, 2), t, n);
}

export const linearInt8: i32 = (step as Kernel).index;
export const linearPackInt8: i32 = (packStep as Kernel).index;
