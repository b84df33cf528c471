/**
 * Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) as MaskFeat's target takes them (Wei et al., CVPR 2022, arXiv:2112.09133;
 * mmpretrain's `HOGGenerator`): Sobel gradients per channel with reflect padding, hard votes into `nbins` unsigned orientations weighted by
 * magnitude and by a tiled Gaussian window, summed over cells of `pool` x `pool` pixels, each cell's histogram scaled to length 1.
 *
 * The bin is what PyTorch's f32 arithmetic gives, ties included: floor(atan2(gx, gy) / pi * nbins) mod nbins, each step rounded to f32. No arc
 * tangent is computed for that. The rounded phase grows with the angle, so a bin begins at one f32 angle, and a pixel is in it if its exact
 * angle lies beyond the midpoint m between that angle and the f32 before. That is gx cos(m) > gy sin(m) in f64, where gradients are exact and
 * products are good to 2^-52: it decides as a correctly rounded arc tangent does unless the angle is within 2^-50 of m, and none lies on m.
 */

const EPSILON: f64 = 1e-12;

/** Bytes of one padded row: reflected columns on both sides, and room for vectors of four to run over. */
function rowBytes(width: i32): usize {
  return (<usize>(((width + 3) & ~3) + 4)) << 2;
}

/** Bytes of the borders between bins for one sign of the angle: cosines and sines in pairs, the last one filled up. */
function borderBytes(nbins: i32): usize {
  return (<usize>(nbins + 1) >> 1) << 5;
}

/** Bytes of scratch memory for an image: padded plane, window rows, gradient rows, borders, histograms of a row of cells. */
export function hogScratch(height: i32, width: i32, nbins: i32, pool: i32, window: i32): usize {
  const row = rowBytes(width);
  return row * (height + 2 + window + 3) + 2 * borderBytes(nbins) + 8 * <usize>(nbins * (width / pool));
}

/** Copies a plane with one reflected pixel on each side: index -1 is 1, index n is n - 2. */
function padReflect(plane: usize, height: i32, width: i32, to: usize): void {
  const row = rowBytes(width);
  for (let y = -1; y <= height; y++) {
    const from = y < 0 ? 1 : y < height ? y : height - 2;
    const source = plane + ((<usize>(from * width)) << 2);
    memory.copy(to + 4, source, (<usize>width) << 2);
    store<f32>(to, load<f32>(source, 4));
    store<f32>(to + ((<usize>width) << 2), load<f32>(source + ((<usize>(width - 2)) << 2)), 4);
    to += row;
  }
}

/** Row y of the tiled Gaussian (side `window`, deviation half of it), for each y of one window. */
function windowRows(to: usize, width: i32, window: i32): void {
  const center = <f64>(window - 1) / 2;
  const deviation = <f64>(window >> 1);
  let sum: f64 = 0;
  for (let i = 0; i < window; i++) sum += bell(i - center, deviation);
  for (let y = 0; y < window; y++) {
    const vertical = bell(y - center, deviation) / sum;
    for (let x = 0; x < width; x++) {
      store<f32>(to + ((<usize>x) << 2), <f32>((vertical * bell((x % window) - center, deviation)) / sum));
    }
    to += rowBytes(width);
  }
}

function bell(distance: f64, deviation: f64): f64 {
  const n = distance / deviation;
  return Math.exp(-0.5 * n * n);
}

/** Phase of an f32 angle, rounded as the reference's two operations are. */
function phaseOf(angle: f32, nbins: i32): f32 {
  return (angle / <f32>Math.PI) * <f32>nbins;
}

/**
 * Correction in radians of the borders at 45 and 135 degrees. PyTorch's vectorised arc tangent (Sleef) is not correctly rounded there: its
 * error is up to 0.7 ULP. The four values were measured with torch 1.13 and 2.15 on AVX2. The other borders need none: their tangents are
 * irrational, so no gradient lies exactly on them.
 */
function displacement(phase: i32, nbins: i32, negative: bool): f64 {
  if (4 * phase == nbins) return negative ? -1.121631e-8 : 2e-8;
  if (4 * phase == 3 * nbins) return negative ? -1.3413e-8 : 1.638928e-8;
  return 0;
}

/** Midpoint between the smallest f32 angle whose phase is at least `phase`, or larger if `beyond`, and the f32 before it. */
function midpoint(phase: i32, nbins: i32, beyond: bool): f64 {
  let bits = reinterpret<u32>(<f32>((phase * Math.PI) / nbins)) + 8;
  let below: f32 = 0;
  while (bits > 0) {
    below = reinterpret<f32>(bits - 1);
    const reached = phaseOf(below, nbins);
    if (beyond ? reached <= <f32>phase : reached < <f32>phase) break;
    bits--;
  }
  return (<f64>below + <f64>reinterpret<f32>(bits)) / 2;
}

/**
 * Cosines and sines of the borders between bins, in pairs [cos, cos, sin, sin]: those of the `nbins` phases that positive angles reach (1 to
 * nbins), or of the `nbins` phases that the sizes of negative angles pass (0 to nbins - 1). A missing last border is NaN: never passed.
 */
function borders(to: usize, nbins: i32, negative: bool): void {
  for (let i = 0; i < ((nbins + 1) & ~1); i++) {
    const phase = negative ? i : i + 1;
    const angle = i < nbins ? midpoint(phase, nbins, negative) + displacement(phase, nbins, negative) : NaN;
    const at = to + ((<usize>(i >> 1)) << 5) + ((<usize>(i & 1)) << 3);
    store<f64>(at, Math.cos(angle));
    store<f64>(at, Math.sin(angle), 16);
  }
}

/** Orientation bin of a gradient: as many borders as the angle's size has passed, counted down from nbins if the angle is negative. */
function binOf(gx: f32, gy: f32, borders: usize, nbins: i32): i32 {
  const negative = gx < 0;
  const x = f64x2.splat(abs(gx));
  const y = f64x2.splat(gy);
  const bytes = borderBytes(nbins);
  let at = borders + (negative ? bytes : 0);
  let passed = i64x2.splat(0);
  for (const end = at + bytes; at < end; at += 32) {
    passed = i64x2.sub(passed, f64x2.gt(f64x2.mul(x, v128.load(at)), f64x2.mul(y, v128.load(at, 16))));
  }
  const count = <i32>(i64x2.extract_lane(passed, 0) + i64x2.extract_lane(passed, 1));
  const bin = negative ? nbins - count : count;
  return bin == nbins ? 0 : bin;
}

/**
 * Gradients of one row and their magnitudes. The taps are added one by one in row-major order and rounded to f32 each time, as the
 * reference's convolution does.
 */
function gradients(above: usize, row: usize, width: i32, gx: usize, gy: usize, magnitude: usize): void {
  const two = f32x4.splat(2);
  const here = above + row;
  const below = here + row;
  for (let at: usize = 0; at < (<usize>width) << 2; at += 16) {
    const a = v128.load(above + at);
    const c = v128.load(above + at, 8);
    const g = v128.load(below + at);
    const i = v128.load(below + at, 8);
    let x = f32x4.add(f32x4.sub(a, c), f32x4.mul(two, v128.load(here + at)));
    x = f32x4.sub(f32x4.add(f32x4.sub(x, f32x4.mul(two, v128.load(here + at, 8))), g), i);
    let y = f32x4.sub(f32x4.add(f32x4.add(a, f32x4.mul(two, v128.load(above + at, 4))), c), g);
    y = f32x4.sub(f32x4.sub(y, f32x4.mul(two, v128.load(below + at, 4))), i);
    v128.store(magnitude + at, f32x4.sqrt(f32x4.add(f32x4.mul(x, x), f32x4.mul(y, y))));
    v128.store(gx + at, x);
    v128.store(gy + at, y);
  }
}

/** Multiplies a row of magnitudes by a row of the window. */
function weigh(magnitude: usize, weights: usize, width: i32): void {
  for (let at: usize = 0; at < (<usize>width) << 2; at += 16) {
    v128.store(magnitude + at, f32x4.mul(v128.load(magnitude + at), v128.load(weights + at)));
  }
}

/** Adds one row of pixels to the f64 histograms of its cells. */
function vote(histogram: usize, nbins: i32, pool: i32, columns: i32, gx: usize, row: usize, borders: usize): void {
  for (let cell = 0; cell < columns; cell++) {
    for (let end = gx + ((<usize>pool) << 2); gx < end; gx += 4) {
      const bin = binOf(load<f32>(gx), load<f32>(gx + row), borders, nbins);
      const slot = histogram + ((<usize>bin) << 3);
      store<f64>(slot, load<f64>(slot) + <f64>load<f32>(gx + row + row));
    }
    histogram += (<usize>nbins) << 3;
  }
}

/** 1 / max(length, 1e-12) of a histogram. */
function scaleOf(histogram: usize, nbins: i32): f64 {
  let squares: f64 = 0;
  for (let bin = 0; bin < nbins; bin++) {
    const value = load<f64>(histogram + ((<usize>bin) << 3));
    squares += value * value;
  }
  return 1 / max(sqrt(squares), EPSILON);
}

/** Stores a scaled histogram as f32, `stride` bytes between bins. */
function storeBins(histogram: usize, nbins: i32, scale: f64, to: usize, stride: usize): void {
  for (let bin = 0; bin < nbins; bin++) {
    store<f32>(to, <f32>(load<f64>(histogram + ((<usize>bin) << 3)) * scale));
    to += stride;
  }
}

/** Index of bin 0 of a channel's cell in the token layout [N,F]. */
function tokenFeature(c: i32, cy: i32, cx: i32, gw: i32, nbins: i32, side: i32): i32 {
  const token = (cy / side) * (gw / side) + cx / side;
  return ((token * 3 + c) * nbins * side + (cy % side)) * side + (cx % side);
}

/**
 * Descriptors of one image. `image`: f32, three planes of [height,width] that lie `planeStride` bytes apart; values finite.
 * `side` > 0: f32 [N,F] tokens of `side` x `side` cells, feature c * nbins * side^2 + bin * side^2 + dy * side + dx; `side` 0: f32
 * [3,nbins,gh,gw]. `window` 0: no Gaussian. `scratch` has `hogScratch` bytes. Sizes divide as the host has checked.
 */
export function hogImage(
  image: usize,
  planeStride: usize,
  height: i32,
  width: i32,
  nbins: i32,
  pool: i32,
  window: i32,
  normalize: bool,
  side: i32,
  scratch: usize,
  out: usize,
): void {
  const row = rowBytes(width);
  const windows = scratch + row * (height + 2);
  const gx = windows + row * window;
  const gy = gx + row;
  const magnitude = gy + row;
  const edges = magnitude + row;
  const histograms = edges + 2 * borderBytes(nbins);
  const gh = height / pool;
  const gw = width / pool;
  const binStride = side ? side * side : gh * gw;

  borders(edges, nbins, false);
  borders(edges + borderBytes(nbins), nbins, true);
  if (window) windowRows(windows, width, window);
  for (let c = 0; c < 3; c++) {
    padReflect(image + planeStride * c, height, width, scratch);
    for (let cy = 0; cy < gh; cy++) {
      memory.fill(histograms, 0, 8 * <usize>(nbins * gw));
      for (let y = cy * pool; y < (cy + 1) * pool; y++) {
        gradients(scratch + row * y, row, width, gx, gy, magnitude);
        if (window) weigh(magnitude, windows + row * (y % window), width);
        vote(histograms, nbins, pool, gw, gx, row, edges);
      }
      for (let cx = 0; cx < gw; cx++) {
        const histogram = histograms + 8 * <usize>(cx * nbins);
        const scale = normalize ? scaleOf(histogram, nbins) : 1;
        const first = side ? tokenFeature(c, cy, cx, gw, nbins, side) : (c * nbins * gh + cy) * gw + cx;
        storeBins(histogram, nbins, scale, out + ((<usize>first) << 2), (<usize>binStride) << 2);
      }
    }
  }
}
