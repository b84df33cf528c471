/**
 * Matrix products, tile by tile: C[MR,NR] += A[MR,K] B[K,NR], after the blocking of Goto and van de Geijn (2008). A travels as [K][MR], B
 * as panels [K][NR], so that both are read in one forward sweep, whatever the row stride in memory: rows 4096 bytes apart would share
 * cache sets.
 *
 * The product is summed in the order of K from zero and added to what C holds; threads change no bit.
 */

import { fusedTile } from "./tile-fused";
import { plainTile } from "./tile-plain";

/** Rows of a tile. */
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
/** Columns of a tile: 8, or 16 in the turbo build. */
export const NR: i32 = TILE_COLUMNS;
/** Bytes of a tile of its own, for edges. */
export const TILE_BYTES: usize = MR * NR * 4;

/** a: [k][MR], b: [k][NR], c: rows `ld` bytes apart; k > 0. */
export function tile(a: usize, b: usize, k: i32, c: usize, ld: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) fusedTile(a, b, k, c, ld);
  else plainTile(a, b, k, c, ld);
}

/** Copies `rows` x `cols` floats. */
export function copyBlock(to: usize, toLd: usize, from: usize, fromLd: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++) memory.copy(to + <usize>r * toLd, from + <usize>r * fromLd, (<usize>cols) << 2);
}

/** Rows [rows <= width, k] of x, `ld` bytes apart -> their transpose [k][width]; missing columns are zero. */
export function packRows(x: usize, ld: usize, rows: i32, k: i32, to: usize, width: i32): void {
  const stride = (<usize>width) << 2;
  if (rows < width) memory.fill(to, 0, <usize>k * stride);
  transpose(x, ld, rows, k, to, stride);
}

/** Rows [rows, k] of x, `ld` bytes apart -> [k, rows], `stride` bytes apart. */
export function transpose(x: usize, ld: usize, rows: i32, k: i32, to: usize, stride: usize): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4) packFour(x + <usize>r * ld, ld, k, to + ((<usize>r) << 2), stride);
  for (; r < rows; r++) {
    const row = x + <usize>r * ld;
    let dst = to + ((<usize>r) << 2);
    for (let i = 0; i < k; i++) {
      store<f32>(dst, load<f32>(row + ((<usize>i) << 2)));
      dst += stride;
    }
  }
}

/** Four rows of k -> [k][4], `stride` bytes apart. */
function packFour(x: usize, ld: usize, k: i32, to: usize, stride: usize): void {
  const x1 = x + ld;
  const x2 = x1 + ld;
  const x3 = x2 + ld;
  let i = 0;
  for (; i + 4 <= k; i += 4) {
    const at = (<usize>i) << 2;
    const r0 = v128.load(x + at);
    const r1 = v128.load(x1 + at);
    const r2 = v128.load(x2 + at);
    const r3 = v128.load(x3 + at);
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5); // a0 b0 a1 b1
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5); // c0 d0 c1 d1
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(to, i32x4.shuffle(low01, low23, 0, 1, 4, 5));
    v128.store(to + stride, i32x4.shuffle(low01, low23, 2, 3, 6, 7));
    v128.store(to + 2 * stride, i32x4.shuffle(high01, high23, 0, 1, 4, 5));
    v128.store(to + 3 * stride, i32x4.shuffle(high01, high23, 2, 3, 6, 7));
    to += 4 * stride;
  }
  for (; i < k; i++) {
    const at = (<usize>i) << 2;
    store<f32>(to, load<f32>(x + at));
    store<f32>(to, load<f32>(x1 + at), 4);
    store<f32>(to, load<f32>(x2 + at), 8);
    store<f32>(to, load<f32>(x3 + at), 12);
    to += stride;
  }
}

/** Rows [k, n <= width] of v, `ld` bytes apart -> [k][width]; missing columns are zero. */
export function packColumns(v: usize, ld: usize, n: i32, k: i32, to: usize, width: i32): void {
  const stride = (<usize>width) << 2;
  if (n < width) memory.fill(to, 0, <usize>k * stride);
  for (let i = 0; i < k; i++) {
    let c = 0;
    for (; c + 4 <= n; c += 4) v128.store(to + ((<usize>c) << 2), v128.load(v + ((<usize>c) << 2)));
    for (; c < n; c++) store<f32>(to + ((<usize>c) << 2), load<f32>(v + ((<usize>c) << 2)));
    v += ld;
    to += stride;
  }
}

/** w [n,k] row-major -> panels [ceil(n/NR)][k][NR]. */
export function packPanels(w: usize, n: i32, k: i32, to: usize): void {
  const ld = (<usize>k) << 2;
  for (let j = 0; j < n; j += NR) packRows(w + <usize>j * ld, ld, min(NR, n - j), k, to + <usize>j * ld, NR);
}

/** The inverse of `packPanels`. */
export function unpackPanels(panels: usize, n: i32, k: i32, to: usize): void {
  for (let j = 0; j < n; j++) {
    let from = panels + (<usize>(j / NR) * <usize>k * NR + (j % NR)) * 4;
    for (let i = 0; i < k; i++) {
      store<f32>(to, load<f32>(from));
      to += 4;
      from += NR * 4;
    }
  }
}
