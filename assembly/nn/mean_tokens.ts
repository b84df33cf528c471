/** The mean of all tokens but the first. */

import { share } from "./lib/math";
import { addRow } from "./lib/rows";
import { arg, Kernel } from "./lib/step";

/** x [B,L,C] -> [B,C]. */
function run(x: usize, y: usize, B: i32, L: i32, C: i32, thread: i32, threads: i32): void {
  const bytes = (<usize>C) << 2;
  const last = share(B, thread + 1, threads);
  for (let b = share(B, thread, threads); b < last; b++) {
    const to = y + <usize>b * bytes;
    memory.fill(to, 0, bytes);
    for (let l = 1; l < L; l++) addRow(to, to, x + <usize>(b * L + l) * bytes, C);
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) / <f32>(L - 1));
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), t, n);
}

export const meanTokens: i32 = (step as Kernel).index;
