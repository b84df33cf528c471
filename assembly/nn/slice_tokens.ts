/** Some tokens of each image. */

import { share } from "./lib/math";
import { arg, Kernel } from "./lib/step";

/** x [B,L,C] -> [B,count,C]: tokens `first` to `first + count - 1`. */
function run(x: usize, y: usize, B: i32, L: i32, first: i32, count: i32, C: i32, thread: i32, threads: i32): void {
  const row = (<usize>C) << 2;
  const last = share(B, thread + 1, threads);
  for (let b = share(B, thread, threads); b < last; b++) {
    memory.copy(y + <usize>(b * count) * row, x + <usize>(b * L + first) * row, <usize>count * row);
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), arg(s, 5), arg(s, 6), t, n);
}

export const sliceTokens: i32 = (step as Kernel).index;
