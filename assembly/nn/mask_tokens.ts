/** Masked tokens are replaced by the mask token. */

import { share } from "./lib/math";
import { addScaled } from "./lib/rows";
import { arg, Kernel } from "./lib/step";

/** x [rows,C] -> x (1 - m) + token m with mask [rows]. */
function run(x: usize, mask: usize, token: usize, y: usize, rows: i32, C: i32, thread: i32, threads: i32): void {
  const bytes = (<usize>C) << 2;
  const last = share(rows, thread + 1, threads);
  for (let r = share(rows, thread, threads); r < last; r++) {
    const m = load<f32>(mask + ((<usize>r) << 2));
    const to = y + <usize>r * bytes;
    memory.fill(to, 0, bytes);
    addScaled(to, x + <usize>r * bytes, 1 - m, C);
    addScaled(to, token, m, C);
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), arg(s, 5), t, n);
}

export const maskTokens: i32 = (step as Kernel).index;
