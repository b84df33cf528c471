/**
 * Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) as MaskFeat's target takes them (Wei et al., CVPR 2022, arXiv:2112.09133;
 * mmpretrain's `HOGGenerator`): Sobel gradients per channel with reflect padding, hard votes into `nbins` unsigned orientations weighted by
 * magnitude and by a tiled Gaussian window, summed over cells of `pool` x `pool` pixels, each cell's histogram scaled to length 1.
 *
 * What differs: bin = floor(atan2(gx, gy) / pi * nbins) mod nbins is not computed by an arc tangent. The gradient is folded to gx >= 0, and
 * the bin is the number of bin borders at or behind it: gx cos(b) >= gy sin(b) for border angle b, in f64, where the products of f32
 * gradients with the borders' directions are good to 53 bits.
 */

const EPSILON: f64 = 1e-12;

/** Bytes of one padded row: reflected columns on both sides, and room for vectors of four to run over. */
function rowBytes(width: i32): usize {
  return (<usize>(((width + 3) & ~3) + 4)) << 2;
}

/** Pairs of bin borders, the last one filled up. */
function borderPairs(nbins: i32): i32 {
  return nbins >> 1;
}

/** Bytes of scratch memory for an image: padded plane, window rows, gradient rows, borders, histograms of a row of cells. */
export function hogScratch(height: i32, width: i32, nbins: i32, pool: i32, window: i32): usize {
  const row = rowBytes(width);
  return row * (height + 2 + window + 3) + 32 * <usize>borderPairs(nbins) + 8 * <usize>(nbins * (width / pool));
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

/**
 * Cosines and sines of the borders k * 180 / nbins degrees, k = 1 to nbins - 1, in pairs [cos, cos, sin, sin]. Both are sines of a multiple
 * of one angle up to 90 degrees, so that they are equal at 45 and opposite at 135. A missing last border is NaN: never at or behind.
 */
function borders(to: usize, nbins: i32): void {
  const unit = Math.PI / (2 * nbins);
  for (let i = 0; i < 2 * borderPairs(nbins); i++) {
    const k = i + 1;
    const at = to + ((<usize>(i >> 1)) << 5) + ((<usize>(i & 1)) << 3);
    store<f64>(at, k < nbins ? Math.sin((nbins - 2 * k) * unit) : NaN);
    store<f64>(at, Math.sin(2 * min(k, nbins - k) * unit), 16);
  }
}

/** Orientation bin of a folded gradient. */
function binOf(gx: f32, gy: f32, borders: usize, pairs: i32): i32 {
  const x = f64x2.splat(gx);
  const y = f64x2.splat(gy);
  let passed = i64x2.splat(0);
  for (let i = 0; i < pairs; i++) {
    const cosine = v128.load(borders);
    const sine = v128.load(borders, 16);
    passed = i64x2.sub(passed, f64x2.ge(f64x2.mul(x, cosine), f64x2.mul(y, sine)));
    borders += 32;
  }
  return <i32>(i64x2.extract_lane(passed, 0) + i64x2.extract_lane(passed, 1));
}

/** Negates lanes where the mask is set. */
function fold(x: v128, mask: v128): v128 {
  return v128.xor(x, v128.and(mask, i32x4.splat(0x80000000)));
}

/**
 * Gradients of one row, folded to the half plane gx >= 0 (on its border: gy >= 0), and their magnitudes. The taps are added one by one in
 * row-major order and rounded to f32 each time, as the reference's convolution does.
 */
function gradients(above: usize, row: usize, width: i32, gx: usize, gy: usize, magnitude: usize): void {
  const zero = f32x4.splat(0);
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
    const behind = v128.or(f32x4.lt(x, zero), v128.and(f32x4.eq(x, zero), f32x4.lt(y, zero)));
    v128.store(gx + at, fold(x, behind));
    v128.store(gy + at, fold(y, behind));
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
  const pairs = borderPairs(nbins);
  for (let cell = 0; cell < columns; cell++) {
    for (let end = gx + ((<usize>pool) << 2); gx < end; gx += 4) {
      const bin = binOf(load<f32>(gx), load<f32>(gx + row), borders, pairs);
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
  const histograms = edges + 32 * <usize>borderPairs(nbins);
  const gh = height / pool;
  const gw = width / pool;
  const binStride = side ? side * side : gh * gw;

  borders(edges, nbins);
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
