/**
 * Conversion between f32 and the half-width formats IEEE binary16 (f16) and bfloat16 (bf16), rounding to nearest even;
 * subnormals, infinities and the sign of zero are exact, a NaN stays a NaN. `count` is a multiple of 8.
 */

const SIGN: v128 = i32x4.splat(0x80000000);

/** f16: all bits but the sign, the largest value; f32: 2^112, infinity, the sign. Loaded, which V8 does faster (nn/math.ts). */
const WIDEN = memory.data<u32>([0x7fff, 0x7bff, 0x77800000, 0x7f800000, 0x80000000]);

/** Four f16 in the low 16 bits of 32-bit lanes -> f32. Scaling by 2^112 moves the exponent bias from 15 to 127, subnormals too. */
function widen(h: v128): v128 {
  const abs = v128.and(h, v128.load32_splat(WIDEN));
  const scaled = f32x4.mul(i32x4.shl(abs, 13), v128.load32_splat(WIDEN, 8));
  const special = v128.and(i32x4.gt_s(abs, v128.load32_splat(WIDEN, 4)), v128.load32_splat(WIDEN, 12));
  return v128.or(v128.or(scaled, special), v128.and(i32x4.shl(h, 16), v128.load32_splat(WIDEN, 16)));
}

/** Four f32 -> f16 in the low 16 bits of 32-bit lanes. */
function narrow(x: v128): v128 {
  const abs = v128.andnot(x, SIGN);
  const even = v128.and(i32x4.shr_u(abs, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(abs, even), i32x4.splat(0xfff - (112 << 23))), 13);
  // Adding 0.5, whose last place is 2^-24, rounds to f16's smallest subnormal.
  const half = f32x4.splat(0.5);
  const subnormal = i32x4.sub(f32x4.add(abs, half), half);
  let h = v128.bitselect(subnormal, normal, i32x4.lt_s(abs, i32x4.splat(0x38800000)));
  h = v128.bitselect(i32x4.splat(0x7c00), h, i32x4.gt_s(abs, i32x4.splat(0x477fefff)));
  h = v128.bitselect(i32x4.splat(0x7e00), h, i32x4.gt_s(abs, i32x4.splat(0x7f800000)));
  return v128.or(h, i32x4.shr_u(v128.and(x, SIGN), 16));
}

/** Four f32 -> bf16 in the low 16 bits of 32-bit lanes. */
function narrowBf16(x: v128): v128 {
  const even = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.add(i32x4.add(x, even), i32x4.splat(0x7fff));
  const quiet = v128.or(x, i32x4.splat(0x400000));
  const isNaN = i32x4.gt_s(v128.andnot(x, SIGN), i32x4.splat(0x7f800000));
  return i32x4.shr_u(v128.bitselect(quiet, rounded, isNaN), 16);
}

export function f16ToF32(from: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    v128.store(to + ((<usize>i) << 2), widen(v128.load_ext<u16>(from + ((<usize>i) << 1))));
  }
}

export function bf16ToF32(from: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    v128.store(to + ((<usize>i) << 2), i32x4.shl(v128.load_ext<u16>(from + ((<usize>i) << 1)), 16));
  }
}

export function f32ToF16(from: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i += 8) {
    const source = from + ((<usize>i) << 2);
    const packed = i16x8.narrow_i32x4_u(narrow(v128.load(source)), narrow(v128.load(source, 16)));
    v128.store(to + ((<usize>i) << 1), packed);
  }
}

export function f32ToBf16(from: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i += 8) {
    const source = from + ((<usize>i) << 2);
    const packed = i16x8.narrow_i32x4_u(narrowBf16(v128.load(source)), narrowBf16(v128.load(source, 16)));
    v128.store(to + ((<usize>i) << 1), packed);
  }
}
