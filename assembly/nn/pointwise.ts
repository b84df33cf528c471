/** Elementwise ops. Buffers are padded to 64 bytes, so the last vectors may reach past `count`. */

import { gelu8, share } from "./math";

export function gelu(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  const pairs = (count + 7) / 8;
  const end = (<usize>share(pairs, thread + 1, threads)) << 5;
  for (let i = (<usize>share(pairs, thread, threads)) << 5; i < end; i += 32) gelu8(x + i, y + i);
}

export function add(a: usize, b: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  const vectors = (count + 3) / 4;
  const end = (<usize>share(vectors, thread + 1, threads)) << 4;
  for (let i = (<usize>share(vectors, thread, threads)) << 4; i < end; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  }
}
