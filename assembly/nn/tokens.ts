/** The class token before the patches, and a position for each. */

import { share } from "./lib/math";
import { addRow } from "./lib/rows";
import { arg, Kernel } from "./lib/step";

/** x [B,L-1,C], cls [C], pos [L,C] -> concat(cls, x) + pos. */
function run(x: usize, cls: usize, pos: usize, y: usize, B: i32, L: i32, C: i32, thread: i32, threads: i32): void {
  const bytes = (<usize>C) << 2;
  const last = share(B * L, thread + 1, threads);
  for (let r = share(B * L, thread, threads); r < last; r++) {
    const l = r % L;
    const from = l == 0 ? cls : x + <usize>(r - r / L - 1) * bytes;
    addRow(y + <usize>r * bytes, from, pos + <usize>l * bytes, C);
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), arg(s, 5), arg(s, 6), t, n);
}

export const tokens: i32 = (step as Kernel).index;
