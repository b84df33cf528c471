/** What happens to tokens around the transformer's blocks: patches, masks, class token and positions, and the forms of its output. */

import { share } from "./math";

/** images [B,3,H,W] -> [B, gh*gw, 3*P*P]; pixels beyond the image are zero. */
export function patches(images: usize, B: i32, H: i32, W: i32, P: i32, out: usize, thread: i32, threads: i32): void {
  const gh = (H + P - 1) / P;
  const gw = (W + P - 1) / P;
  const last = share(B * gh * gw, thread + 1, threads);
  for (let n = share(B * gh * gw, thread, threads); n < last; n++) {
    const y0 = ((n / gw) % gh) * P;
    const x0 = (n % gw) * P;
    const width = (<usize>min(P, W - x0)) << 2;
    let to = out + <usize>n * <usize>(3 * P * P) * 4;
    for (let c = 0; c < 3; c++) {
      const plane = images + <usize>((n / (gw * gh)) * 3 + c) * <usize>(H * W) * 4;
      for (let y = y0; y < y0 + P; y++) {
        memory.fill(to, 0, (<usize>P) << 2);
        if (y < H) memory.copy(to, plane + <usize>(y * W + x0) * 4, width);
        to += (<usize>P) << 2;
      }
    }
  }
}

/** y = a + b over `count` floats at any alignment. */
function addRow(y: usize, a: usize, b: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(a + i) + load<f32>(b + i));
}

/** y += x scale over `count` floats at any alignment. */
function addScaled(y: usize, x: usize, scale: f32, count: i32): void {
  const bytes = (<usize>count) << 2;
  const factor = f32x4.splat(scale);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(y + i), f32x4.mul(v128.load(x + i), factor)));
  }
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) + load<f32>(x + i) * scale);
}

/** x [rows,C] -> x (1 - m) + token m with mask [rows]. */
export function maskTokens(
  x: usize,
  mask: usize,
  token: usize,
  y: usize,
  rows: i32,
  C: i32,
  thread: i32,
  threads: i32,
): void {
  const bytes = (<usize>C) << 2;
  const last = share(rows, thread + 1, threads);
  for (let r = share(rows, thread, threads); r < last; r++) {
    const m = load<f32>(mask + ((<usize>r) << 2));
    const to = y + <usize>r * bytes;
    memory.fill(to, 0, bytes);
    addScaled(to, x + <usize>r * bytes, 1 - m, C);
    addScaled(to, token, m, C);
  }
}

/** x [B,N,C], cls [C], pos [1+N,C] -> concat(cls, x) + pos. */
export function tokens(
  x: usize,
  cls: usize,
  pos: usize,
  y: usize,
  B: i32,
  N: i32,
  C: i32,
  thread: i32,
  threads: i32,
): void {
  const bytes = (<usize>C) << 2;
  const L = 1 + N;
  const last = share(B * L, thread + 1, threads);
  for (let r = share(B * L, thread, threads); r < last; r++) {
    const l = r % L;
    const from = l == 0 ? cls : x + <usize>(r - r / L - 1) * bytes;
    addRow(y + <usize>r * bytes, from, pos + <usize>l * bytes, C);
  }
}

/** Weight of tap j (0 to 3) of cubic convolution (Keys, 1981) with A = -0.75 at fraction t behind tap 1. */
function cubic(j: i32, t: f64): f64 {
  const d = Math.abs(<f64>(j - 1) - t);
  const A = -0.75;
  return d <= 1 ? ((A + 2) * d - (A + 3)) * d * d + 1 : ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
}

/** pos [1+h*w,C] -> [1+H*W,C]: half-pixel centres, no antialias, taps clamped at the border. */
export function resizePos(
  pos: usize,
  h: i32,
  w: i32,
  y: usize,
  H: i32,
  W: i32,
  C: i32,
  thread: i32,
  threads: i32,
): void {
  const bytes = (<usize>C) << 2;
  if (thread == 0) memory.copy(y, pos, bytes);
  const last = share(H * W, thread + 1, threads);
  for (let n = share(H * W, thread, threads); n < last; n++) {
    const sy = (<f64>(n / W) + 0.5) * (<f64>h / <f64>H) - 0.5;
    const sx = (<f64>(n % W) + 0.5) * (<f64>w / <f64>W) - 0.5;
    const y0 = <i32>Math.floor(sy);
    const x0 = <i32>Math.floor(sx);
    const to = y + <usize>(1 + n) * bytes;
    memory.fill(to, 0, bytes);
    for (let j = 0; j < 4; j++) {
      for (let i = 0; i < 4; i++) {
        const row = min(max(y0 + j - 1, 0), h - 1);
        const col = min(max(x0 + i - 1, 0), w - 1);
        const weight = cubic(j, sy - <f64>y0) * cubic(i, sx - <f64>x0);
        addScaled(to, pos + <usize>(1 + row * w + col) * bytes, <f32>weight, C);
      }
    }
  }
}

/** Copies `count` blocks of `bytes` bytes, `fromLd` bytes apart at the source, one after the other at the target. */
export function copyBlocks(
  from: usize,
  to: usize,
  count: i32,
  bytes: i32,
  fromLd: i32,
  thread: i32,
  threads: i32,
): void {
  const last = share(count, thread + 1, threads);
  for (let i = share(count, thread, threads); i < last; i++) {
    memory.copy(to + <usize>i * <usize>bytes, from + <usize>i * <usize>fromLd, <usize>bytes);
  }
}

/** x [B,1+N,C] -> [B,C]: the mean of all but the first token. */
export function meanTokens(x: usize, y: usize, B: i32, N: i32, C: i32, thread: i32, threads: i32): void {
  const bytes = (<usize>C) << 2;
  const last = share(B, thread + 1, threads);
  for (let b = share(B, thread, threads); b < last; b++) {
    const to = y + <usize>b * bytes;
    memory.fill(to, 0, bytes);
    for (let n = 1; n <= N; n++) addRow(to, to, x + <usize>(b * (1 + N) + n) * bytes, C);
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) / <f32>N);
  }
}

/** x [B,1+N,C] -> [B,C,N]: the patch tokens transposed. */
export function featmap(x: usize, y: usize, B: i32, N: i32, C: i32, thread: i32, threads: i32): void {
  const last = share(B * C, thread + 1, threads);
  for (let r = share(B * C, thread, threads); r < last; r++) {
    let from = x + (<usize>((r / C) * (1 + N) + 1) * <usize>C + <usize>(r % C)) * 4;
    let to = y + <usize>r * <usize>N * 4;
    for (let n = 0; n < N; n++) {
      store<f32>(to, load<f32>(from));
      to += 4;
      from += (<usize>C) << 2;
    }
  }
}

/** pred, target [rows,F], mask [rows] -> [2]: sum over rows of mask * mean((pred - target)^2), and sum of mask; summed in f64. */
export function maskedMse(pred: usize, goal: usize, mask: usize, y: usize, rows: i32, F: i32): void {
  let sum: f64 = 0;
  let count: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const m = <f64>load<f32>(mask + ((<usize>r) << 2));
    count += m;
    if (m == 0) continue;
    let row: f64 = 0;
    for (let i = 0; i < F; i++) {
      const at = <usize>(r * F + i) * 4;
      const d = <f64>load<f32>(pred + at) - <f64>load<f32>(goal + at);
      row += d * d;
    }
    sum += (m * row) / <f64>F;
  }
  store<f32>(y, <f32>sum);
  store<f32>(y, <f32>count, 4);
}
