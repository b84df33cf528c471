/** The patches of images or clips, as rows; what lies beyond the border is zero. */

import { share } from "./lib/math";
import { arg, Kernel } from "./lib/step";

/**
 * x [B,C,T,H,W] -> [B,OT*OH*OW,C*KT*KH*KW]. Arguments: x, y, then the dims in the order in which they are read here: strides S, zeros P
 * before the first element of an axis, O patches along it.
 */
function run(s: usize, thread: i32, threads: i32): void {
  const x: usize = arg(s, 0);
  const y: usize = arg(s, 1);
  const B = arg(s, 2);
  const C = arg(s, 3);
  const T = arg(s, 4);
  const H = arg(s, 5);
  const W = arg(s, 6);
  const KT = arg(s, 7);
  const KH = arg(s, 8);
  const KW = arg(s, 9);
  const OT = arg(s, 16);
  const OH = arg(s, 17);
  const OW = arg(s, 18);
  const last = share(B * OT * OH * OW, thread + 1, threads);
  for (let n = share(B * OT * OH * OW, thread, threads); n < last; n++) {
    const t0 = ((n / (OW * OH)) % OT) * arg(s, 10) - arg(s, 13);
    const y0 = ((n / OW) % OH) * arg(s, 11) - arg(s, 14);
    const x0 = (n % OW) * arg(s, 12) - arg(s, 15);
    const volume = x + <usize>(n / (OT * OH * OW)) * <usize>(C * T) * <usize>(H * W) * 4;
    // what of a row of the patch lies inside
    const left = max(0, -x0);
    const count = min(KW, W - x0) - left;
    let to = y + <usize>n * <usize>(C * KT * KH * KW) * 4;
    for (let c = 0; c < C; c++) {
      for (let t = t0; t < t0 + KT; t++) {
        for (let row = y0; row < y0 + KH; row++) {
          memory.fill(to, 0, (<usize>KW) << 2);
          if (t >= 0 && t < T && row >= 0 && row < H && count > 0) {
            const from = volume + (<usize>(c * T + t) * <usize>(H * W) + <usize>(row * W + x0 + left)) * 4;
            memory.copy(to + ((<usize>left) << 2), from, (<usize>count) << 2);
          }
          to += (<usize>KW) << 2;
        }
      }
    }
  }
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  run(s, t, n);
}

export const unfold: i32 = (step as Kernel).index;
