/**
 * Four-lane arithmetic shared by the kernels, and its error in units of u = 2^-24.
 *
 * exp: x = n ln 2 + r, exp(r) = 1 + r + r^2 Q(r) with Q of degree 4 (own weighted minimax fit, relative error 3e-9); the whole is within
 * 2 u relative for x in [-87, 88]; below -87 it returns exp(-87), about 1.6e-38.
 *
 * gelu: max(x, 0) - |x|/2 erfc(|x|/sqrt 2), which cancels nowhere; erfc(a) = exp(-a^2) t P(t), t = 1/(1 + 0.3 a) with P of degree 8
 * (own weighted minimax fit, relative error 2e-8); the whole is within 6 u |x|.
 */

/** a b + c: with one rounding or two in the relaxed build, as the processor has it, else with two. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * Number `i` of a table of constants, in all lanes. V8 builds a vector that is written out in the code at every use, by several
 * instructions; a load is one (Node 24, 2026-11: ViT-B as a whole 2 to 4 % faster).
 */
function constant(table: usize, i: i32): v128 {
  return v128.load32_splat(table + ((<usize>i) << 2));
}

/** exp's: the least x, 1/ln 2, 1.5 2^23, -ln 2 in two parts, Q from its highest coefficient on, 1. */
const EXP = memory.data<f32>([
  -87.0, 1.4426950408889634, 12582912.0, -0.693359375, 2.1219444e-4, 0.001381461275741458, 0.00836870912462473,
  0.04166838899254799, 0.1666652113199234, 0.4999999403953552, 1.0,
]);

export function exp4(x: v128): v128 {
  // unlike max, which is several instructions on x64, pmax is one; it gives x where that is NaN
  x = f32x4.pmax(x, constant(EXP, 0));
  // adding 1.5 2^23 rounds to an integer, which then stands in the low bits
  const shifted = madd(x, constant(EXP, 1), constant(EXP, 2));
  const n = f32x4.sub(shifted, constant(EXP, 2));
  // the first part of ln 2 is short enough for n * part to be exact
  let r = madd(n, constant(EXP, 3), x);
  r = madd(n, constant(EXP, 4), r);
  let q = constant(EXP, 5);
  q = madd(q, r, constant(EXP, 6));
  q = madd(q, r, constant(EXP, 7));
  q = madd(q, r, constant(EXP, 8));
  q = madd(q, r, constant(EXP, 9));
  const y = f32x4.add(madd(q, f32x4.mul(r, r), r), constant(EXP, 10));
  // as integers: 1's exponent plus n
  return f32x4.mul(y, i32x4.add(i32x4.shl(shifted, 23), constant(EXP, 10)));
}

/** gelu's: 1/sqrt 2, 0.3, 1, P from its highest coefficient on, 0.5. */
const GELU = memory.data<f32>([
  0.7071067811865476, 0.3, 1.0, -0.12943428754806519, 0.4850974678993225, -0.5112285017967224, 0.5463973879814148,
  -0.09363283216953278, 0.21443693339824677, 0.1484822779893875, 0.17069195210933685, 0.16918961703777313, 0.5,
]);

export function gelu4(x: v128): v128 {
  const ax = f32x4.abs(x);
  const a = f32x4.mul(ax, constant(GELU, 0));
  const t = f32x4.div(constant(GELU, 2), madd(a, constant(GELU, 1), constant(GELU, 2)));
  let p = constant(GELU, 3);
  p = madd(p, t, constant(GELU, 4));
  p = madd(p, t, constant(GELU, 5));
  p = madd(p, t, constant(GELU, 6));
  p = madd(p, t, constant(GELU, 7));
  p = madd(p, t, constant(GELU, 8));
  p = madd(p, t, constant(GELU, 9));
  p = madd(p, t, constant(GELU, 10));
  p = madd(p, t, constant(GELU, 11));
  const half = f32x4.mul(ax, constant(GELU, 12));
  const erfc = f32x4.mul(f32x4.mul(p, t), exp4(f32x4.neg(f32x4.mul(ax, half))));
  return f32x4.sub(f32x4.pmax(x, f32x4.splat(0.0)), f32x4.mul(half, erfc));
}

// Pairs of vectors are loaded before either is stored: so V8 can make one vector of 256 bits of them (turbo).

/** Adds to the eight floats at `c`. */
export function addPair(c: usize, a: v128, b: v128): void {
  const c0 = f32x4.add(v128.load(c), a);
  const c1 = f32x4.add(v128.load(c, 16), b);
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** gelu of the eight floats at `x` to `y`. */
export function gelu8(x: usize, y: usize): void {
  const g0 = gelu4(v128.load(x));
  const g1 = gelu4(v128.load(x, 16));
  v128.store(y, g0);
  v128.store(y, g1, 16);
}

/** The sum of the lanes, in the order (0 + 1) + (2 + 3). */
export function sum4(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** First of the `count` items that are the share of `thread` of `threads`; its last is before the next thread's first. */
export function share(count: i32, thread: i32, threads: i32): i32 {
  return <i32>((<i64>count * thread) / threads);
}

/**
 * The first of the next `chunk` items of a step that no thread has taken yet; `counter` is zero when a step begins. Large work is taken
 * in chunks rather than shared out beforehand, so that no thread waits for one that the system interrupts.
 */
export function take(counter: usize, chunk: i32): i32 {
  if (ASC_FEATURE_THREADS) return atomic.add<i32>(counter, chunk);
  const first = load<i32>(counter);
  store<i32>(counter, first + chunk);
  return first;
}
