/**
 * The micro-kernel of every matrix product: C[3,12] += A[3,K] B[K,12], after the blocking of Goto and van de Geijn (2008). Nine
 * accumulators, three vectors of B and one of A fill the 16 SIMD registers that x64 and V8 have. A travels as [K][3], B as panels
 * [K][12], so that both are read in one forward sweep, whatever the row stride in memory: rows 4096 bytes apart would share cache sets.
 *
 * The product is summed in the order of K from zero and added to what C holds; threads change no bit.
 */

import { madd } from "./math";

/** Rows of a tile. */
export const MR: i32 = 3;
/** Columns of a tile. */
export const NR: i32 = 12;
/** Bytes of a tile of its own, for edges. */
export const TILE_BYTES: usize = 144;

/** a: [k][3], b: [k][12], c: rows `ld` bytes apart. */
export function tile(a: usize, b: usize, k: i32, c: usize, ld: usize): void {
  const c1 = c + ld;
  const c2 = c1 + ld;
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s22 = f32x4.splat(0);
  const end = a + <usize>k * 12;
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    let x = v128.load32_splat(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    s02 = madd(x, b2, s02);
    x = v128.load32_splat(a, 4);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    s12 = madd(x, b2, s12);
    x = v128.load32_splat(a, 8);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    s22 = madd(x, b2, s22);
    a += 12;
    b += 48;
  }
  v128.store(c, f32x4.add(v128.load(c), s00));
  v128.store(c, f32x4.add(v128.load(c, 16), s01), 16);
  v128.store(c, f32x4.add(v128.load(c, 32), s02), 32);
  v128.store(c1, f32x4.add(v128.load(c1), s10));
  v128.store(c1, f32x4.add(v128.load(c1, 16), s11), 16);
  v128.store(c1, f32x4.add(v128.load(c1, 32), s12), 32);
  v128.store(c2, f32x4.add(v128.load(c2), s20));
  v128.store(c2, f32x4.add(v128.load(c2, 16), s21), 16);
  v128.store(c2, f32x4.add(v128.load(c2, 32), s22), 32);
}

/** Copies `rows` x `cols` floats. */
export function copyBlock(to: usize, toLd: usize, from: usize, fromLd: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++) memory.copy(to + <usize>r * toLd, from + <usize>r * fromLd, (<usize>cols) << 2);
}

/** Rows [rows <= 3, k] of x, `ld` bytes apart -> [k][3]; missing rows are zero. */
export function packRows(x: usize, ld: usize, rows: i32, k: i32, to: usize): void {
  const x1 = x + ld;
  const x2 = x1 + ld;
  let i = 0;
  if (rows == MR) {
    for (; i + 4 <= k; i += 4) {
      const at = (<usize>i) << 2;
      const r0 = v128.load(x + at);
      const r1 = v128.load(x1 + at);
      const r2 = v128.load(x2 + at);
      const r01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5); // a0 b0 a1 b1
      const r12 = i32x4.shuffle(r1, r2, 1, 5, 2, 6); // b1 c1 b2 c2
      const r20 = i32x4.shuffle(r2, r0, 2, 7, 3, 3); // c2 a3 c3 c3
      const dst = to + at * 3;
      v128.store(dst, i32x4.shuffle(r01, r2, 0, 1, 4, 2)); // a0 b0 c0 a1
      v128.store(dst, i32x4.shuffle(r12, r0, 0, 1, 6, 2), 16); // b1 c1 a2 b2
      v128.store(dst, i32x4.shuffle(r20, r1, 0, 1, 7, 2), 32); // c2 a3 b3 c3
    }
  }
  for (; i < k; i++) {
    const at = (<usize>i) << 2;
    const dst = to + at * 3;
    store<f32>(dst, load<f32>(x + at));
    store<f32>(dst, rows > 1 ? load<f32>(x1 + at) : 0, 4);
    store<f32>(dst, rows > 2 ? load<f32>(x2 + at) : 0, 8);
  }
}

/** Rows [n <= 12, k] of w, `ld` bytes apart -> one panel [k][12] of the transpose; missing columns are zero. */
export function packPanel(w: usize, ld: usize, n: i32, k: i32, to: usize): void {
  for (let j = 0; j < NR; j++) {
    let dst = to + ((<usize>j) << 2);
    const row = w + <usize>j * ld;
    for (let i = 0; i < k; i++) {
      store<f32>(dst, j < n ? load<f32>(row + ((<usize>i) << 2)) : 0);
      dst += 48;
    }
  }
}

/** Rows [k, n <= 12] of v, `ld` bytes apart -> one panel [k][12]; missing columns are zero. */
export function packColumns(v: usize, ld: usize, n: i32, k: i32, to: usize): void {
  for (let i = 0; i < k; i++) {
    if (n < NR) memory.fill(to, 0, 48);
    memory.copy(to, v, (<usize>n) << 2);
    v += ld;
    to += 48;
  }
}

/** w [n,k] row-major -> panels [ceil(n/12)][k][12]. */
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
      from += 48;
    }
  }
}
