/** The tokens but the first, transposed: channels before positions. */

import { share } from "./lib/math";
import { arg, Kernel } from "./lib/step";

/** x [B,L,C] -> [B,C,L-1]. */
function run(x: usize, y: usize, B: i32, L: i32, C: i32, thread: i32, threads: i32): void {
  const N = L - 1;
  const last = share(B * C, thread + 1, threads);
  for (let r = share(B * C, thread, threads); r < last; r++) {
    let from = x + (<usize>((r / C) * L + 1) * <usize>C + <usize>(r % C)) * 4;
    let to = y + <usize>r * <usize>N * 4;
    for (let n = 0; n < N; n++) {
      store<f32>(to, load<f32>(from));
      to += 4;
      from += (<usize>C) << 2;
    }
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), t, n);
}

export const featmap: i32 = (step as Kernel).index;
