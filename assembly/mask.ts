/**
 * Block-wise masks (BEiT: Bao et al. 2021, arXiv:2106.08254, algorithm 1) drawn as mmpretrain's `BEiTMaskGenerator` and as
 * PySlowFast's image and cube generators draw them, number for number. A mask is u8 [h,w] or [t,h,w], zeroed by the caller.
 */

import { rngBelowNumpy, rngBelowPython, rngUniform } from "./rng";

/** log 0.3 and log(1 / 0.3): the range of a block's log aspect ratio, height over width, in every generator. */
const LOG_ASPECT: f64 = 1.2039728043259361;

const BLOCK_ATTEMPTS: i32 = 10;
const CUBE_ATTEMPTS: i32 = 100;

/** A block's side; Python rounds half to even, as `nearest` does. */
function side(square: f64): i32 {
  return <i32>nearest(sqrt(square));
}

/** First index of a side of `length` in `total`. mmpretrain's numpy draw leaves out the last position, Python's does not. */
function origin(rng: usize, python: bool, total: i32, length: i32): i32 {
  return python ? rngBelowPython(rng, total - length + 1) : rngBelowNumpy(rng, total - length);
}

/** Sets the cube of `t` x `h` x `w` cells at `first` if that masks 1 to `room` new cells; returns how many. */
function place(first: usize, height: i32, width: i32, t: i32, h: i32, w: i32, room: i32): i32 {
  let fresh = t * h * w;
  for (let z = 0; z < t; z++) {
    for (let y = 0; y < h; y++) {
      const row = first + (z * height + y) * width;
      for (let x = 0; x < w; x++) fresh -= load<u8>(row + x);
    }
  }
  if (fresh > room) return 0;
  for (let z = 0; z < t; z++) {
    for (let y = 0; y < h; y++) memory.fill(first + (z * height + y) * width, 1, w);
  }
  return fresh;
}

/** Up to ten attempts to place one block; returns the number of new cells. */
function block(rng: usize, python: bool, mask: usize, height: i32, width: i32, least: f64, room: i32): i32 {
  for (let attempt = 0; attempt < BLOCK_ATTEMPTS; attempt++) {
    const area = rngUniform(rng, least, room);
    const aspect = Math.exp(rngUniform(rng, -LOG_ASPECT, LOG_ASPECT));
    const h = side(area * aspect);
    const w = side(area / aspect);
    if (w >= width || h >= height) continue;
    const top = origin(rng, python, height, h);
    const left = origin(rng, python, width, w);
    const fresh = place(mask + top * width + left, height, width, 1, h, w, room);
    if (fresh > 0) return fresh;
  }
  return 0;
}

/** Up to a hundred attempts to place one cube, whose area in space does not shrink with `room`; returns the number of new cells. */
function cube(rng: usize, mask: usize, depth: i32, height: i32, width: i32, least: f64, room: i32): i32 {
  for (let attempt = 0; attempt < CUBE_ATTEMPTS; attempt++) {
    const area = rngUniform(rng, least, height * width);
    const aspect = Math.exp(rngUniform(rng, -LOG_ASPECT, LOG_ASPECT));
    const h = side(area * aspect);
    const w = side(area / aspect);
    const t = 1 + <i32>rngBelowPython(rng, depth);
    if (w >= width || h >= height) continue;
    const top = origin(rng, true, height, h);
    const left = origin(rng, true, width, w);
    const front = origin(rng, true, depth, t);
    const fresh = place(mask + (front * height + top) * width + left, height, width, t, h, w, room);
    if (fresh > 0) return fresh;
  }
  return 0;
}

/**
 * mmpretrain: blocks until exactly `num` cells are masked. Returns the number masked, less than `num` only if `patience`
 * rounds of ten attempts in a row found no block (the reference would try for ever).
 */
export function maskMmpretrain(
  rng: usize,
  mask: usize,
  height: i32,
  width: i32,
  num: i32,
  least: f64,
  patience: i32,
): i32 {
  let count = 0;
  let idle = 0;
  while (count < num && idle < patience) {
    const fresh = block(rng, false, mask, height, width, least, num - count);
    idle = fresh > 0 ? 0 : idle + 1;
    count += fresh;
  }
  return count;
}

/** PySlowFast, images: blocks until `num` cells are masked or ten attempts find none. Returns the number masked. */
export function maskPyslowfast(rng: usize, mask: usize, height: i32, width: i32, num: i32, least: f64): i32 {
  let count = 0;
  while (count < num) {
    const fresh = block(rng, true, mask, height, width, least, num - count);
    if (fresh === 0) break;
    count += fresh;
  }
  return count;
}

/** PySlowFast, video: cubes until `num` cells are masked or a hundred attempts find none. Returns the number masked. */
export function maskCube(rng: usize, mask: usize, depth: i32, height: i32, width: i32, num: i32, least: f64): i32 {
  let count = 0;
  while (count < num) {
    const fresh = cube(rng, mask, depth, height, width, least, num - count);
    if (fresh === 0) break;
    count += fresh;
  }
  return count;
}
