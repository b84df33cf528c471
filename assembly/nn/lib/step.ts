/**
 * A step of a program: 32 words in memory. The first is the kernel's function index; the arguments follow in the order of the kernel's
 * signature: inputs, outputs, dims, as addresses, counts, and the bits of an f32.
 *
 * A kernel exports its index under its op's name: `export const add: i32 = (step as Kernel).index`.
 */

/**
 * Runs the step whose arguments are at `s` as thread `t` of `n`. `counter`: items that threads have taken (`take` in math.ts). `shared`:
 * working memory of all threads; `own`: of this one.
 */
export type Kernel = (s: usize, t: i32, n: i32, counter: usize, shared: usize, own: usize) => void;

/** Argument `i` of a step. */
export function arg(s: usize, i: i32): i32 {
  return load<i32>(s + ((<usize>i) << 2));
}

/** Argument `i` of a step, which holds the bits of an f32. */
export function argF32(s: usize, i: i32): f32 {
  return load<f32>(s + ((<usize>i) << 2));
}
