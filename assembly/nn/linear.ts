/**
 * y = x W^T + b, with gelu or a residual in the epilogue. W lies in panels (lib/tile.ts); x is packed once for all threads, which then share
 * out the panels.
 */

import { f16ToF32 } from "../half";
import { ADD, addBlock, GELU, geluRows } from "./lib/epilogue";
import { share, take } from "./lib/math";
import { arg, Kernel } from "./lib/step";
import { copyBlock, MR, NR, packRows, TILE_BYTES, tile } from "./lib/tile";

export { NR, packPanels, unpackPanels } from "./lib/tile";

/** Depth of a block of K: NR x 768 floats of B stay in the first-level cache, all rows x 768 of A in the second. */
const KC: i32 = 768;
/** Bytes of a row of a tile. */
const ROW_BYTES: usize = <usize>NR * 4;
/** Terms that are summed by themselves: an element's rounding error grows with the square root of 128 + K/128 rather than of K. */
const SUM: i32 = 128;

/** Bytes of shared memory that `linearPack` fills. */
export function linearPackBytes(rows: i32, k: i32): usize {
  return <usize>((rows + MR - 1) / MR) * MR * <usize>k * 4;
}

/** Where the tile of rows from `row` on, of K from `k0`, lies in the packed input. */
function packedTile(packed: usize, rows: i32, k0: i32, kc: i32, row: i32): usize {
  const blockRows = ((rows + MR - 1) / MR) * MR;
  return packed + (<usize>k0 * <usize>blockRows + <usize>row * <usize>kc) * 4;
}

/** x [rows,k] -> the order in which `matmul` reads it: blocks of K, in each of them tiles [kc][MR]. */
function packInput(x: usize, packed: usize, rows: i32, k: i32, thread: i32, threads: i32): void {
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
export function linearScratch(halves: bool): usize {
  return TILE_BYTES + (halves ? <usize>KC * ROW_BYTES : 0);
}

/**
 * Columns of panels `first` to `last - 1` of y [rows,n] = x W^T + bias, from `packed` x [rows,k] and panels of W [n,k], in f16 if
 * `halves`; bias [n], residual [rows,n]. `epilogue`: 0, GELU (of the sum), or ADD (of the residual). Threads take `chunk` panels at a
 * time.
 */
function matmul(
  panels: usize,
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
  halves: bool,
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

/** Sets the rows of a tile to the bias. */
function fillRows(c: usize, ld: usize, bias: usize): void {
  for (let r = 0; r < MR; r++) {
    for (let i: usize = 0; i < ROW_BYTES; i += 16) v128.store(c + i, v128.load(bias + i));
    c += ld;
  }
}

function step(s: usize, _t: i32, _n: i32, counter: usize, shared: usize, own: usize): void {
  matmul(
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
    arg(s, 11) != 0,
    counter,
    shared,
    own,
  );
}

function packStep(s: usize, t: i32, n: i32, _counter: usize, shared: usize, _own: usize): void {
  packInput(arg(s, 0), shared, arg(s, 1), arg(s, 2), t, n);
}

export const linear: i32 = (step as Kernel).index;
export const linearPack: i32 = (packStep as Kernel).index;
