/** Layer normalisation (Ba et al., 2016), two passes over a row in cache: mean, then variance of the differences. */

import { madd, share, sum4 } from "./lib/math";
import { arg, argF32, Kernel } from "./lib/step";

/** x [rows,C] -> (x - mean) / sqrt(variance + eps) * weight + bias. */
function normalize(
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  rows: i32,
  C: i32,
  eps: f32,
  thread: i32,
  threads: i32,
): void {
  const bytes = (<usize>C) << 2;
  const whole = bytes & ~15;
  const last = share(rows, thread + 1, threads);
  for (let r = share(rows, thread, threads); r < last; r++) {
    const row = x + <usize>r * bytes;
    const mean = rowMean(row, bytes);
    const shift = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const d = f32x4.sub(v128.load(row + i), shift);
      squares = madd(d, d, squares);
    }
    let sum = sum4(squares);
    for (let i = whole; i < bytes; i += 4) {
      const d = load<f32>(row + i) - mean;
      sum += d * d;
    }
    const inverse: f32 = 1 / Mathf.sqrt(sum / <f32>C + eps);
    const scale = f32x4.splat(inverse);
    const to = y + <usize>r * bytes;
    for (let i: usize = 0; i < whole; i += 16) {
      const d = f32x4.mul(f32x4.sub(v128.load(row + i), shift), scale);
      v128.store(to + i, madd(d, v128.load(weight + i), v128.load(bias + i)));
    }
    for (let i = whole; i < bytes; i += 4) {
      store<f32>(to + i, (load<f32>(row + i) - mean) * inverse * load<f32>(weight + i) + load<f32>(bias + i));
    }
  }
}

/** In f64: what it is off by, all numbers of the row are off by. */
function rowMean(row: usize, bytes: usize): f32 {
  const whole = bytes & ~15;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < whole; i += 16) {
    low = f64x2.add(low, f64x2.promote_low_f32x4(v128.load64_zero(row + i)));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.load64_zero(row + i, 8)));
  }
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (let i = whole; i < bytes; i += 4) sum += <f64>load<f32>(row + i);
  return <f32>(sum / <f64>(bytes >> 2));
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  normalize(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), arg(s, 5), argF32(s, 6), t, n);
}

export const layerNorm: i32 = (step as Kernel).index;
