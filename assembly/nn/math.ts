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

/** Adding 1.5 2^23 rounds to an integer, which then stands in the low bits. */
const ROUND: f32 = 12582912;

export function exp4(x: v128): v128 {
  x = f32x4.max(x, f32x4.splat(-87.0));
  const shifted = madd(x, f32x4.splat(1.4426950408889634), f32x4.splat(ROUND));
  const n = f32x4.sub(shifted, f32x4.splat(ROUND));
  // ln 2 in two parts, the first short enough for n * part to be exact
  let r = madd(n, f32x4.splat(-0.693359375), x);
  r = madd(n, f32x4.splat(2.1219444e-4), r);
  let q = f32x4.splat(0.001381461275741458);
  q = madd(q, r, f32x4.splat(0.00836870912462473));
  q = madd(q, r, f32x4.splat(0.04166838899254799));
  q = madd(q, r, f32x4.splat(0.1666652113199234));
  q = madd(q, r, f32x4.splat(0.4999999403953552));
  const y = f32x4.add(madd(q, f32x4.mul(r, r), r), f32x4.splat(1.0));
  return f32x4.mul(y, i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(127 << 23)));
}

export function gelu4(x: v128): v128 {
  const ax = f32x4.abs(x);
  const a = f32x4.mul(ax, f32x4.splat(0.7071067811865476));
  const t = f32x4.div(f32x4.splat(1.0), madd(a, f32x4.splat(0.3), f32x4.splat(1.0)));
  let p = f32x4.splat(-0.12943428754806519);
  p = madd(p, t, f32x4.splat(0.4850974678993225));
  p = madd(p, t, f32x4.splat(-0.5112285017967224));
  p = madd(p, t, f32x4.splat(0.5463973879814148));
  p = madd(p, t, f32x4.splat(-0.09363283216953278));
  p = madd(p, t, f32x4.splat(0.21443693339824677));
  p = madd(p, t, f32x4.splat(0.1484822779893875));
  p = madd(p, t, f32x4.splat(0.17069195210933685));
  p = madd(p, t, f32x4.splat(0.16918961703777313));
  const half = f32x4.mul(ax, f32x4.splat(0.5));
  const erfc = f32x4.mul(f32x4.mul(p, t), exp4(f32x4.neg(f32x4.mul(ax, half))));
  return f32x4.sub(f32x4.max(x, f32x4.splat(0.0)), f32x4.mul(half, erfc));
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

export function max4(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/** First of the `count` items that are the share of `thread` of `threads`; its last is before the next thread's first. */
export function share(count: i32, thread: i32, threads: i32): i32 {
  return <i32>((<i64>count * thread) / threads);
}

/**
 * The first of the next `chunk` items of a step that no thread has taken yet; `counter` is zero when a step begins. Large work is taken
 * in chunks rather than shared out beforehand, so that a thread which the system interrupts holds up nobody.
 */
export function take(counter: usize, chunk: i32): i32 {
  if (ASC_FEATURE_THREADS) return atomic.add<i32>(counter, chunk);
  const first = load<i32>(counter);
  store<i32>(counter, first + chunk);
  return first;
}
