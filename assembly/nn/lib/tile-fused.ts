/**
 * The micro-kernel of engines with fused multiply-add (relaxed SIMD): 6 x 8, and 6 x 16 where V8 makes one vector of 256 bits of two
 * (turbo).
 *
 * Twelve accumulators, two vectors of B and one of A are all that V8 has of the sixteen SIMD registers of x64. GFLOP/s of one thread of an
 * AMD EPYC (Zen 4), Node 24, 2026-11: 6 x 8 56, 5 x 8 54, 4 x 8 52, 4 x 12 35; turbo: 6 x 16 103, 5 x 16 100, 4 x 16 and 3 x 24 98,
 * 4 x 24 62.
 */

import { addPair, madd } from "./math";

/** a: [k][6], b: [k][TILE_COLUMNS], c: rows `ld` bytes apart. */
export function fusedTile(a: usize, b: usize, k: i32, c: usize, ld: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s03 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s13 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s22 = f32x4.splat(0);
  let s23 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  let s32 = f32x4.splat(0);
  let s33 = f32x4.splat(0);
  let s40 = f32x4.splat(0);
  let s41 = f32x4.splat(0);
  let s42 = f32x4.splat(0);
  let s43 = f32x4.splat(0);
  let s50 = f32x4.splat(0);
  let s51 = f32x4.splat(0);
  let s52 = f32x4.splat(0);
  let s53 = f32x4.splat(0);
  const end = a + <usize>(k * 24);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = TILE_COLUMNS > 8 ? v128.load(b, 32) : b0;
    const b3 = TILE_COLUMNS > 8 ? v128.load(b, 48) : b1;
    let x = v128.load32_splat(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    if (TILE_COLUMNS > 8) {
      s02 = madd(x, b2, s02);
      s03 = madd(x, b3, s03);
    }
    x = v128.load32_splat(a, 4);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    if (TILE_COLUMNS > 8) {
      s12 = madd(x, b2, s12);
      s13 = madd(x, b3, s13);
    }
    x = v128.load32_splat(a, 8);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    if (TILE_COLUMNS > 8) {
      s22 = madd(x, b2, s22);
      s23 = madd(x, b3, s23);
    }
    x = v128.load32_splat(a, 12);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
    if (TILE_COLUMNS > 8) {
      s32 = madd(x, b2, s32);
      s33 = madd(x, b3, s33);
    }
    x = v128.load32_splat(a, 16);
    s40 = madd(x, b0, s40);
    s41 = madd(x, b1, s41);
    if (TILE_COLUMNS > 8) {
      s42 = madd(x, b2, s42);
      s43 = madd(x, b3, s43);
    }
    x = v128.load32_splat(a, 20);
    s50 = madd(x, b0, s50);
    s51 = madd(x, b1, s51);
    if (TILE_COLUMNS > 8) {
      s52 = madd(x, b2, s52);
      s53 = madd(x, b3, s53);
    }
    a += 24;
    b += TILE_COLUMNS * 4;
  }
  addRow(c, s00, s01, s02, s03);
  addRow(c + ld, s10, s11, s12, s13);
  addRow(c + 2 * ld, s20, s21, s22, s23);
  addRow(c + 3 * ld, s30, s31, s32, s33);
  addRow(c + 4 * ld, s40, s41, s42, s43);
  addRow(c + 5 * ld, s50, s51, s52, s53);
}

function addRow(c: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  addPair(c, s0, s1);
  if (TILE_COLUMNS > 8) addPair(c + 32, s2, s3);
}
