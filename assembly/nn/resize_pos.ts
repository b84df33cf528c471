/** A position embedding for another grid: cubic convolution (Keys, 1981) with A = -0.75, as torch does. */

import { share } from "./lib/math";
import { addScaled } from "./lib/rows";
import { arg, Kernel } from "./lib/step";

/** Weight of tap j (0 to 3) of cubic convolution (Keys, 1981) with A = -0.75 at fraction t behind tap 1. */
function cubic(j: i32, t: f64): f64 {
  const d = Math.abs(<f64>(j - 1) - t);
  const A = -0.75;
  return d <= 1 ? ((A + 2) * d - (A + 3)) * d * d + 1 : ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
}

/** pos [1+h*w,C] -> [1+H*W,C]: half-pixel centres, no antialias, taps clamped at the border. */
function run(pos: usize, y: usize, h: i32, w: i32, H: i32, W: i32, C: i32, thread: i32, threads: i32): void {
  const bytes = (<usize>C) << 2;
  if (thread == 0) memory.copy(y, pos, bytes);
  const last = share(H * W, thread + 1, threads);
  for (let n = share(H * W, thread, threads); n < last; n++) {
    const sy = (<f64>(n / W) + 0.5) * (<f64>h / <f64>H) - 0.5;
    const sx = (<f64>(n % W) + 0.5) * (<f64>w / <f64>W) - 0.5;
    const y0 = <i32>Math.floor(sy);
    const x0 = <i32>Math.floor(sx);
    const to = y + <usize>(1 + n) * bytes;
    memory.fill(to, 0, bytes);
    for (let j = 0; j < 4; j++) {
      for (let i = 0; i < 4; i++) {
        const row = min(max(y0 + j - 1, 0), h - 1);
        const col = min(max(x0 + i - 1, 0), w - 1);
        const weight = cubic(j, sy - <f64>y0) * cubic(i, sx - <f64>x0);
        addScaled(to, pos + <usize>(1 + row * w + col) * bytes, <f32>weight, C);
      }
    }
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), arg(s, 5), arg(s, 6), t, n);
}

export const resizePos: i32 = (step as Kernel).index;
