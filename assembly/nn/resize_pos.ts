/**
 * A position embedding for another grid: cubic convolution (Keys, 1981) as torch resizes, with A = -0.75, or antialiased with A = -0.5.
 */

import { share } from "./lib/math";
import { addScaled } from "./lib/rows";
import { arg, Kernel } from "./lib/step";

/** Cubic convolution's kernel at distance `x`. */
function cubic(x: f64, A: f64): f64 {
  const d = Math.abs(x);
  if (d <= 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  return d < 2 ? ((A * d - 5 * A) * d + 8 * A) * d - 4 * A : 0;
}

/** Weight of input `j` for output `i` on an axis of `given` inputs and `wanted` outputs. Antialiased, there is nothing beyond the border. */
function weight(j: i32, i: i32, given: i32, wanted: i32, antialias: bool): f64 {
  const step = <f64>given / <f64>wanted;
  const d = <f64>j + 0.5 - (<f64>i + 0.5) * step;
  if (!antialias) return cubic(d, -0.75);
  return j < 0 || j >= given ? 0 : cubic(d / Math.max(step, 1), -0.5);
}

/** The input under output `i`; weights end within `reach` of it. */
function under(i: i32, given: i32, wanted: i32): i32 {
  return ((2 * i + 1) * given) / (2 * wanted);
}

function reach(given: i32, wanted: i32, antialias: bool): i32 {
  return antialias ? (2 * max(given, wanted) + wanted - 1) / wanted : 2;
}

/** The sum of all weights of output `i`. */
function total(i: i32, given: i32, wanted: i32, antialias: bool): f64 {
  const centre = under(i, given, wanted);
  const r = reach(given, wanted, antialias);
  let sum: f64 = 0;
  for (let j = centre - r; j <= centre + r; j++) sum += weight(j, i, given, wanted, antialias);
  return sum;
}

/** pos [1+h*w,C] -> [1+H*W,C]: half-pixel centres, taps clamped at the border. */
function run(pos: usize, y: usize, h: i32, w: i32, H: i32, W: i32, C: i32, aa: bool, thread: i32, threads: i32): void {
  const bytes = (<usize>C) << 2;
  if (thread == 0) memory.copy(y, pos, bytes);
  const last = share(H * W, thread + 1, threads);
  const ry = reach(h, H, aa);
  const rx = reach(w, W, aa);
  for (let n = share(H * W, thread, threads); n < last; n++) {
    const cy = under(n / W, h, H);
    const cx = under(n % W, w, W);
    const scale = 1 / (total(n / W, h, H, aa) * total(n % W, w, W, aa));
    const to = y + <usize>(1 + n) * bytes;
    memory.fill(to, 0, bytes);
    for (let j = cy - ry; j <= cy + ry; j++) {
      const down = scale * weight(j, n / W, h, H, aa);
      if (down == 0) continue;
      const row = min(max(j, 0), h - 1);
      for (let i = cx - rx; i <= cx + rx; i++) {
        const part = down * weight(i, n % W, w, W, aa);
        const col = min(max(i, 0), w - 1);
        if (part != 0) addScaled(to, pos + <usize>(1 + row * w + col) * bytes, <f32>part, C);
      }
    }
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), arg(s, 5), arg(s, 6), arg(s, 7) != 0, t, n);
}

export const resizePos: i32 = (step as Kernel).index;
