/** y = a x, where `a` is one number in memory. Buffers are padded to 64 bytes, so the last vectors may reach past `count`. */

import { share } from "./lib/math";
import { arg, Kernel } from "./lib/step";

function run(x: usize, a: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  const factor = v128.load32_splat(a);
  const vectors = (count + 3) / 4;
  const end = (<usize>share(vectors, thread + 1, threads)) << 4;
  for (let i = (<usize>share(vectors, thread, threads)) << 4; i < end; i += 16) {
    v128.store(y + i, f32x4.mul(factor, v128.load(x + i)));
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), t, n);
}

export const scale: i32 = (step as Kernel).index;
