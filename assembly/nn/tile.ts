/**
 * The micro-kernel of every matrix product: C[4,8] += A[4,K] B[K,8], after the blocking of Goto and van de Geijn (2008). A travels as
 * [K][4], B as panels [K][8], so that both are read in one forward sweep, whatever the row stride in memory: rows 4096 bytes apart would
 * share cache sets.
 *
 * Eight accumulators, two vectors of B, one of A and a product leave V8 four of the sixteen SIMD registers of x64. More outputs make it
 * spill: on one thread of an AMD EPYC (Zen 4), Node 20, 2026-11, 4 x 8 gives 40 GFLOP/s, 3 x 12 gives 22 and 5 x 8 24.
 *
 * The product is summed in the order of K from zero and added to what C holds; threads change no bit.
 */

import { madd } from "./math";

/** Rows of a tile. */
export const MR: i32 = 4;
/** Columns of a tile. */
export const NR: i32 = 8;
/** Bytes of a tile of its own, for edges. */
export const TILE_BYTES: usize = 128;

/** a: [k][4], b: [k][8], c: rows `ld` bytes apart. */
export function tile(a: usize, b: usize, k: i32, c: usize, ld: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  const end = a + <usize>k * 16;
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    x = v128.load32_splat(a, 4);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    x = v128.load32_splat(a, 8);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    x = v128.load32_splat(a, 12);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
    a += 16;
    b += 32;
  }
  addRow(c, s00, s01);
  addRow(c + ld, s10, s11);
  addRow(c + 2 * ld, s20, s21);
  addRow(c + 3 * ld, s30, s31);
}

function addRow(c: usize, s0: v128, s1: v128): void {
  v128.store(c, f32x4.add(v128.load(c), s0));
  v128.store(c, f32x4.add(v128.load(c, 16), s1), 16);
}

/** Copies `rows` x `cols` floats. */
export function copyBlock(to: usize, toLd: usize, from: usize, fromLd: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++) memory.copy(to + <usize>r * toLd, from + <usize>r * fromLd, (<usize>cols) << 2);
}

/** Rows [rows <= 4, k] of x, `ld` bytes apart -> [k][4]; missing rows are zero. */
export function packRows(x: usize, ld: usize, rows: i32, k: i32, to: usize): void {
  const x1 = x + ld;
  const x2 = x1 + ld;
  const x3 = x2 + ld;
  let i = 0;
  if (rows == MR) {
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
      const dst = to + at * 4;
      v128.store(dst, i32x4.shuffle(low01, low23, 0, 1, 4, 5));
      v128.store(dst, i32x4.shuffle(low01, low23, 2, 3, 6, 7), 16);
      v128.store(dst, i32x4.shuffle(high01, high23, 0, 1, 4, 5), 32);
      v128.store(dst, i32x4.shuffle(high01, high23, 2, 3, 6, 7), 48);
    }
  }
  for (; i < k; i++) {
    const at = (<usize>i) << 2;
    const dst = to + at * 4;
    store<f32>(dst, load<f32>(x + at));
    store<f32>(dst, rows > 1 ? load<f32>(x1 + at) : 0, 4);
    store<f32>(dst, rows > 2 ? load<f32>(x2 + at) : 0, 8);
    store<f32>(dst, rows > 3 ? load<f32>(x3 + at) : 0, 12);
  }
}

/** Rows [n <= 8, k] of w, `ld` bytes apart -> one panel [k][8] of the transpose; missing columns are zero. */
export function packPanel(w: usize, ld: usize, n: i32, k: i32, to: usize): void {
  for (let j = 0; j < NR; j++) {
    let dst = to + ((<usize>j) << 2);
    const row = w + <usize>j * ld;
    for (let i = 0; i < k; i++) {
      store<f32>(dst, j < n ? load<f32>(row + ((<usize>i) << 2)) : 0);
      dst += NR * 4;
    }
  }
}

/** Rows [k, n <= 8] of v, `ld` bytes apart -> one panel [k][8]; missing columns are zero. */
export function packColumns(v: usize, ld: usize, n: i32, k: i32, to: usize): void {
  for (let i = 0; i < k; i++) {
    if (n < NR) memory.fill(to, 0, NR * 4);
    memory.copy(to, v, (<usize>n) << 2);
    v += ld;
    to += NR * 4;
  }
}

/** w [n,k] row-major -> panels [ceil(n/8)][k][8]. */
export function packPanels(w: usize, n: i32, k: i32, to: usize): void {
  const ld = (<usize>k) << 2;
  for (let j = 0; j < n; j += NR) packPanel(w + <usize>j * ld, ld, min(NR, n - j), k, to + <usize>j * ld);
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
