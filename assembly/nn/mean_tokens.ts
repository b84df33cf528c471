/**
 * The mean of all tokens but the first. Eight tokens at a time are summed in f32, in pairs, and their sums in f64: so the error does not
 * grow with the number of tokens, and is less than that of torch.
 */

import { share } from "./lib/math";
import { arg, Kernel } from "./lib/step";

/** x [B,L,C] -> [B,C]; `sums`: room for C f64. */
function run(x: usize, y: usize, B: i32, L: i32, C: i32, sums: usize, thread: i32, threads: i32): void {
  const row = (<usize>C) << 2;
  const end = share(B, thread + 1, threads);
  for (let b = share(B, thread, threads); b < end; b++) {
    const first = x + (<usize>b * <usize>L + 1) * row;
    const last = x + <usize>(b + 1) * <usize>L * row;
    memory.fill(sums, 0, 2 * row);
    let from = first;
    for (; from + 8 * row <= last; from += 8 * row) addRows(from, row, sums);
    for (; from < last; from += row) addRow(from, row, sums);
    const to = y + <usize>b * row;
    for (let i: usize = 0; i < row; i += 4) store<f32>(to + i, <f32>(load<f64>(sums + 2 * i) / <f64>(L - 1)));
  }
}

/** Adds eight rows, `row` bytes long. */
function addRows(x: usize, row: usize, sums: usize): void {
  const whole = row & ~15;
  const half = row << 2;
  for (let i: usize = 0; i < whole; i += 16)
    addFour(f32x4.add(four(x + i, row), four(x + half + i, row)), sums + 2 * i);
  for (let i = whole; i < row; i += 4) {
    store<f64>(sums + 2 * i, load<f64>(sums + 2 * i) + <f64>(fourth(x + i, row) + fourth(x + half + i, row)));
  }
}

/** Sums four columns of four rows. */
function four(x: usize, row: usize): v128 {
  const last = x + 2 * row;
  const a = f32x4.add(v128.load(x), v128.load(x + row));
  return f32x4.add(a, f32x4.add(v128.load(last), v128.load(last + row)));
}

function fourth(x: usize, row: usize): f32 {
  const last = x + 2 * row;
  return load<f32>(x) + load<f32>(x + row) + (load<f32>(last) + load<f32>(last + row));
}

function addFour(x: v128, sums: usize): void {
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(x)));
  const high = i64x2.shuffle(x, x, 1, 1);
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(high)), 16);
}

function addRow(x: usize, row: usize, sums: usize): void {
  for (let i: usize = 0; i < row; i += 4) store<f64>(sums + 2 * i, load<f64>(sums + 2 * i) + <f64>load<f32>(x + i));
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), own, t, n);
}

export const meanTokens: i32 = (step as Kernel).index;
