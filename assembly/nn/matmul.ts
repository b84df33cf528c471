/** y = x W^T + b, with gelu or a residual in the epilogue. W lies in panels (tile.ts); threads and slices share out the panels. */

import { gelu4, share } from "./math";
import { copyBlock, MR, NR, packRows, TILE_BYTES, tile } from "./tile";

/**
 * Depth of a block of K: 12 x 384 floats of B stay in the first-level cache, all rows x 384 of A in the second. Each block is summed
 * by itself, so an element's rounding error grows with the square root of 384 + K/384 rather than of K.
 */
const KC: i32 = 384;

export const NONE: i32 = 0;
export const GELU: i32 = 1;
export const ADD: i32 = 2;

/** Bytes of scratch that `matmul` needs for each thread. */
export function matmulScratch(rows: i32, k: i32): usize {
  return <usize>((rows + MR - 1) / MR) * MR * <usize>min(k, KC) * 4 + TILE_BYTES;
}

/**
 * Rows x [rows,k] by panels first to last - 1 of W [n,k]: y [rows,n], bias [n], residual [rows,n].
 * `epilogue`: NONE, GELU (of the sum), or ADD (of the residual).
 */
export function matmul(
  x: usize,
  rows: i32,
  k: i32,
  panels: usize,
  first: i32,
  last: i32,
  bias: usize,
  residual: usize,
  y: usize,
  n: i32,
  epilogue: i32,
  thread: i32,
  threads: i32,
  scratch: usize,
): void {
  const count = last - first;
  const from = first + share(count, thread, threads);
  const to = first + share(count, thread + 1, threads);
  if (from == to) return;
  const edge = scratch;
  const packed = scratch + TILE_BYTES;
  const ldx = (<usize>k) << 2;
  const ldy = (<usize>n) << 2;
  for (let k0 = 0; k0 < k; k0 += KC) {
    const kc = min(KC, k - k0);
    for (let r = 0; r < rows; r += MR) {
      packRows(x + <usize>r * ldx + ((<usize>k0) << 2), ldx, min(MR, rows - r), kc, packed + <usize>r * <usize>kc * 4);
    }
    for (let p = from; p < to; p++) {
      const panel = panels + (<usize>p * <usize>k + <usize>k0) * NR * 4;
      const col = p * NR;
      const cols = min(NR, n - col);
      for (let r = 0; r < rows; r += MR) {
        const live = min(MR, rows - r);
        const at = <usize>r * ldy + ((<usize>col) << 2);
        const whole = live == MR && cols == NR;
        const c = whole ? y + at : edge;
        const ld = whole ? ldy : NR * 4;
        if (k0 == 0) fillRows(c, ld, bias + ((<usize>col) << 2));
        else if (!whole) copyBlock(edge, ld, y + at, ldy, live, cols);
        tile(packed + <usize>r * <usize>kc * 4, panel, kc, c, ld);
        if (k0 + kc == k && epilogue == GELU) geluTile(c, ld);
        if (!whole) copyBlock(y + at, ldy, edge, ld, live, cols);
        if (k0 + kc == k && epilogue == ADD) addBlock(y + at, residual + at, ldy, live, cols);
      }
    }
  }
}

/** Sets the three rows of a tile to the bias. */
function fillRows(c: usize, ld: usize, bias: usize): void {
  for (let r = 0; r < MR; r++) {
    v128.store(c, v128.load(bias));
    v128.store(c, v128.load(bias, 16), 16);
    v128.store(c, v128.load(bias, 32), 32);
    c += ld;
  }
}

function geluTile(c: usize, ld: usize): void {
  for (let r = 0; r < MR; r++) {
    v128.store(c, gelu4(v128.load(c)));
    v128.store(c, gelu4(v128.load(c, 16)), 16);
    v128.store(c, gelu4(v128.load(c, 32)), 32);
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
