/**
 * y = x W^T + b, with gelu or a residual in the epilogue. W lies in panels (tile.ts); x is packed once for all threads, which then share
 * out the panels.
 */

import { f16ToF32 } from "../half";
import { gelu8, share, take } from "./math";
import { copyBlock, MR, NR, packRows, TILE_BYTES, tile } from "./tile";

/** Depth of a block of K: NR x 768 floats of B stay in the first-level cache, all rows x 768 of A in the second. */
const KC: i32 = 768;
/** Bytes of a row of a tile. */
const ROW_BYTES: usize = <usize>NR * 4;
/** Terms that are summed by themselves: an element's rounding error grows with the square root of 128 + K/128 rather than of K. */
const SUM: i32 = 128;

export const NONE: i32 = 0;
export const GELU: i32 = 1;
export const ADD: i32 = 2;

/** Bytes that `packInput` fills. */
export function packedBytes(rows: i32, k: i32): usize {
  return <usize>((rows + MR - 1) / MR) * MR * <usize>k * 4;
}

/** Where the tile of rows from `row` on, of K from `k0`, lies in the packed input. */
function packedTile(packed: usize, rows: i32, k0: i32, kc: i32, row: i32): usize {
  const blockRows = ((rows + MR - 1) / MR) * MR;
  return packed + (<usize>k0 * <usize>blockRows + <usize>row * <usize>kc) * 4;
}

/** x [rows,k] -> the order in which `matmul` reads it: blocks of K, in each of them tiles [kc][MR]. */
export function packInput(x: usize, rows: i32, k: i32, packed: usize, thread: i32, threads: i32): void {
  const ld = (<usize>k) << 2;
  const tiles = (rows + MR - 1) / MR;
  const last = share(tiles, thread + 1, threads) * MR;
  for (let r = share(tiles, thread, threads) * MR; r < last; r += MR) {
    for (let k0 = 0; k0 < k; k0 += KC) {
      const kc = min(KC, k - k0);
      const from = x + <usize>r * ld + ((<usize>k0) << 2);
      packRows(from, ld, min(MR, rows - r), kc, packedTile(packed, rows, k0, kc, r), MR);
    }
  }
}

/** Bytes of working memory of each thread: a tile, and a block of a panel where W is narrow. */
export function matmulScratch(halves: bool): usize {
  return TILE_BYTES + (halves ? <usize>KC * ROW_BYTES : 0);
}

/**
 * Columns of panels `first` to `last - 1` of y [rows,n] = x W^T + bias, from `packed` x [rows,k] and panels of W [n,k], of f16 where
 * `halves`; bias [n], residual [rows,n]. `epilogue`: NONE, GELU (of the sum), or ADD (of the residual). Threads take `chunk` panels at a
 * time.
 */
export function matmul(
  rows: i32,
  k: i32,
  panels: usize,
  halves: bool,
  first: i32,
  last: i32,
  bias: usize,
  residual: usize,
  y: usize,
  n: i32,
  epilogue: i32,
  chunk: i32,
  counter: usize,
  packed: usize,
  scratch: usize,
): void {
  const edge = scratch;
  const wide = scratch + TILE_BYTES;
  for (let from = first + take(counter, chunk); from < last; from = first + take(counter, chunk)) {
    const end = min(last, from + chunk);
    for (let k0 = 0; k0 < k; k0 += KC) {
      for (let p = from; p < end; p++) {
        let panel = <usize>(p * k + k0) * NR;
        if (halves) {
          f16ToF32(panels + (panel << 1), wide, min(KC, k - k0) * NR);
          panel = wide;
        } else {
          panel = panels + (panel << 2);
        }
        column(rows, k, panel, p * NR, bias, residual, y, n, epilogue, k0, packed, edge);
      }
    }
  }
}

/** Adds one block of K, `panel` of W, to the columns of y from `col` on: begins with the bias, ends with the epilogue. */
function column(
  rows: i32,
  k: i32,
  panel: usize,
  col: i32,
  bias: usize,
  residual: usize,
  y: usize,
  n: i32,
  epilogue: i32,
  k0: i32,
  packed: usize,
  edge: usize,
): void {
  const kc = min(KC, k - k0);
  const done = k0 + kc == k;
  const ldy = (<usize>n) << 2;
  const cols = min(NR, n - col);
  for (let r = 0; r < rows; r += MR) {
    const live = min(MR, rows - r);
    const at = <usize>r * ldy + ((<usize>col) << 2);
    const whole = live == MR && cols == NR;
    const c = whole ? y + at : edge;
    const ld = whole ? ldy : ROW_BYTES;
    if (k0 == 0) fillRows(c, ld, bias + ((<usize>col) << 2));
    else if (!whole) copyBlock(edge, ld, y + at, ldy, live, cols);
    const a = packedTile(packed, rows, k0, kc, r);
    for (let s = 0; s < kc; s += SUM) {
      tile(a + <usize>(s * MR) * 4, panel + <usize>(s * NR) * 4, min(SUM, kc - s), c, ld);
    }
    if (done && epilogue == GELU) geluRows(c, ld, MR, NR);
    if (!whole) copyBlock(y + at, ldy, edge, ld, live, cols);
    if (done && epilogue == ADD) addBlock(y + at, residual + at, ldy, live, cols);
  }
}

/** A whole tile of sums at `edge`, `columns` wide -> the epilogue, and its live part into y. */
export function finishTile(
  edge: usize,
  columns: i32,
  rows: i32,
  cols: i32,
  y: usize,
  residual: usize,
  ldy: usize,
  epilogue: i32,
): void {
  const ld = (<usize>columns) << 2;
  if (epilogue == GELU) geluRows(edge, ld, rows, columns);
  copyBlock(y, ldy, edge, ld, rows, cols);
  if (epilogue == ADD) addBlock(y, residual, ldy, rows, cols);
}

/** Sets the rows of a tile to the bias. */
function fillRows(c: usize, ld: usize, bias: usize): void {
  for (let r = 0; r < MR; r++) {
    for (let i: usize = 0; i < ROW_BYTES; i += 16) v128.store(c + i, v128.load(bias + i));
    c += ld;
  }
}

/** gelu in place; `columns` is a multiple of 8. */
function geluRows(c: usize, ld: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let i: usize = 0; i < (<usize>columns) << 2; i += 32) gelu8(c + i, c + i);
    c += ld;
  }
}

function addBlock(y: usize, residual: usize, ld: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++) {
    let i: usize = 0;
    const bytes = (<usize>cols) << 2;
    for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(residual + i)));
    for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) + load<f32>(residual + i));
    y += ld;
    residual += ld;
  }
}
