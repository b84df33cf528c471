/** Elementwise ops. Buffers are padded to whole vectors, so the last vector may reach past `count`. */

import { gelu4, share } from "./math";

export function gelu(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  const vectors = (count + 3) / 4;
  const end = (<usize>share(vectors, thread + 1, threads)) << 4;
  for (let i = (<usize>share(vectors, thread, threads)) << 4; i < end; i += 16)
    v128.store(y + i, gelu4(v128.load(x + i)));
}

export function add(a: usize, b: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  const vectors = (count + 3) / 4;
  const end = (<usize>share(vectors, thread + 1, threads)) << 4;
  for (let i = (<usize>share(vectors, thread, threads)) << 4; i < end; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  }
}
