/** Layer normalisation (Ba et al., 2016), two passes over a row in cache: mean, then variance of the differences. */

import { madd, share, sum4 } from "./math";

/** x [rows,c] -> (x - mean) / sqrt(variance + eps) * weight + bias. */
export function layerNorm(
  x: usize,
  rows: i32,
  c: i32,
  weight: usize,
  bias: usize,
  y: usize,
  eps: f32,
  thread: i32,
  threads: i32,
): void {
  const bytes = (<usize>c) << 2;
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
    const inverse: f32 = 1 / Mathf.sqrt(sum / <f32>c + eps);
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

function rowMean(row: usize, bytes: usize): f32 {
  const whole = bytes & ~15;
  let lanes = f32x4.splat(0);
  for (let i: usize = 0; i < whole; i += 16) lanes = f32x4.add(lanes, v128.load(row + i));
  let sum = sum4(lanes);
  for (let i = whole; i < bytes; i += 4) sum += load<f32>(row + i);
  return sum / <f32>(bytes >> 2);
}
