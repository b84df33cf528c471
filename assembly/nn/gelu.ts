/** y = x Phi(x). Buffers are padded to 64 bytes, so the last vectors may reach past `count`. */

import { gelu8, share } from "./lib/math";
import { arg, Kernel } from "./lib/step";

function run(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  const pairs = (count + 7) / 8;
  const end = (<usize>share(pairs, thread + 1, threads)) << 5;
  for (let i = (<usize>share(pairs, thread, threads)) << 5; i < end; i += 32) gelu8(x + i, y + i);
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), t, n);
}

export const gelu: i32 = (step as Kernel).index;
