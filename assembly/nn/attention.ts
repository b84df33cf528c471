/**
 * Multi-head self-attention, softmax(q k^T / sqrt(D)) v (Vaswani et al., 2017), NR queries of a head at a time. Everything stands on its side,
 * scores [key][query] and outputs [D][query]: so a lane belongs to a query from the first product to the last, softmax needs no sum across
 * lanes, and its weights lie as the second product reads them.
 *
 * q [B,LQ,WQ], k [B,LK,WK], v [B,LK,WV], heads x D of each row, beginning where the addresses point; y [B,LQ,heads*D]. The work of one
 * unit is one head of one image and one block of `QUERY_BLOCK` queries; units are numbered block-fastest, and threads take `chunk` of them
 * at a time. Keys and values of a head are packed once for all units that a thread takes.
 */

import { exp4, take } from "./lib/math";
import { arg, Kernel } from "./lib/step";
import { MR, NR, packColumns, packRows, tile, transpose } from "./lib/tile";

export const QUERY_BLOCK: i32 = 96;
/** Terms of a product that are summed by themselves, as in linear.ts. */
const SUM: i32 = 128;

/** `n` rows filled up to whole tiles. */
function tiled(n: i32): i32 {
  return ((n + MR - 1) / MR) * MR;
}

/** Bytes of working memory that `attention` needs for each thread. */
export function attentionScratch(LK: i32, D: i32): usize {
  const keys = tiled(LK) * D;
  const values = tiled(D) * LK;
  const queries = (D + tiled(LK) + tiled(D)) * NR;
  return <usize>(keys + values + queries) * 4 + 64;
}

function run(
  q: usize,
  k: usize,
  v: usize,
  y: usize,
  LQ: i32,
  LK: i32,
  WQ: i32,
  WK: i32,
  WV: i32,
  heads: i32,
  D: i32,
  first: i32,
  last: i32,
  chunk: i32,
  counter: usize,
  scratch: usize,
): void {
  const keys = scratch;
  const values = keys + <usize>(tiled(LK) * D) * 4;
  const queries = values + <usize>(tiled(D) * LK) * 4;
  const scores = queries + <usize>(D * NR) * 4;
  const mixed = scores + <usize>(tiled(LK) * NR) * 4;

  const scale = <f32>(1.0 / Math.sqrt(<f64>D));
  const blocks = (LQ + QUERY_BLOCK - 1) / QUERY_BLOCK;
  const ldq = (<usize>WQ) << 2;
  const ldk = (<usize>WK) << 2;
  const ldv = (<usize>WV) << 2;
  const ldy = (<usize>(heads * D)) << 2;
  let packedHead = -1;
  for (let from = first + take(counter, chunk); from < last; from = first + take(counter, chunk)) {
    for (let unit = from; unit < min(last, from + chunk); unit++) {
      const head = unit / blocks;
      const image = <usize>(head / heads);
      const column = (<usize>((head % heads) * D)) << 2;
      if (head != packedHead) {
        const k0 = k + image * <usize>LK * ldk + column;
        for (let j = 0; j < LK; j += MR) {
          packRows(k0 + <usize>j * ldk, ldk, min(MR, LK - j), D, keys + <usize>(j * D) * 4, MR);
        }
        const v0 = v + image * <usize>LK * ldv + column;
        for (let j = 0; j < D; j += MR) {
          packColumns(v0 + ((<usize>j) << 2), ldv, min(MR, D - j), LK, values + <usize>(j * LK) * 4, MR);
        }
        packedHead = head;
      }
      const row0 = (unit % blocks) * QUERY_BLOCK;
      for (let r = row0; r < min(LQ, row0 + QUERY_BLOCK); r += NR) {
        const rows = min(NR, LQ - r);
        const row = image * <usize>LQ + <usize>r;
        packRows(q + row * ldq + column, ldq, rows, D, queries, NR);
        product(keys, LK, D, queries, scores);
        for (let lane = 0; lane < NR; lane += 8) softmax(scores + ((<usize>lane) << 2), LK, scale);
        product(values, D, LK, scores, mixed);
        transpose(mixed, NR * 4, D, rows, y + row * ldy + column, ldy);
      }
    }
  }
}

/** to [tiled(m)][NR] = a b; a in tiles [k][MR], b [k][NR]. */
function product(a: usize, m: i32, k: i32, b: usize, to: usize): void {
  memory.fill(to, 0, <usize>(tiled(m) * NR) * 4);
  for (let i = 0; i < m; i += MR) {
    for (let s = 0; s < k; s += SUM) {
      tile(a + <usize>(i * k + s * MR) * 4, b + <usize>(s * NR) * 4, min(SUM, k - s), to + <usize>(i * NR) * 4, NR * 4);
    }
  }
}

/** In place, for eight queries: softmax(scale scores) over the keys, rows of NR. */
function softmax(scores: usize, L: i32, scale: f32): void {
  const end = scores + <usize>(L * NR) * 4;
  const factor = f32x4.splat(scale);
  let top0 = f32x4.splat(-Infinity);
  let top1 = f32x4.splat(-Infinity);
  for (let p = scores; p < end; p += NR * 4) {
    top0 = f32x4.pmax(v128.load(p), top0);
    top1 = f32x4.pmax(v128.load(p, 16), top1);
  }
  let total0 = f32x4.splat(0);
  let total1 = f32x4.splat(0);
  for (let p = scores; p < end; ) {
    const next = min(end, p + SUM * NR * 4);
    let part0 = f32x4.splat(0);
    let part1 = f32x4.splat(0);
    for (; p < next; p += NR * 4) {
      const e0 = exp4(f32x4.mul(f32x4.sub(v128.load(p), top0), factor));
      const e1 = exp4(f32x4.mul(f32x4.sub(v128.load(p, 16), top1), factor));
      v128.store(p, e0);
      v128.store(p, e1, 16);
      part0 = f32x4.add(part0, e0);
      part1 = f32x4.add(part1, e1);
    }
    total0 = f32x4.add(total0, part0);
    total1 = f32x4.add(total1, part1);
  }
  const inverse0 = f32x4.div(f32x4.splat(1), total0);
  const inverse1 = f32x4.div(f32x4.splat(1), total1);
  for (let p = scores; p < end; p += NR * 4) {
    const w0 = f32x4.mul(v128.load(p), inverse0);
    const w1 = f32x4.mul(v128.load(p, 16), inverse1);
    v128.store(p, w0);
    v128.store(p, w1, 16);
  }
}

function step(s: usize, _t: i32, _n: i32, counter: usize, _shared: usize, own: usize): void {
  run(
    arg(s, 0),
    arg(s, 1),
    arg(s, 2),
    arg(s, 3),
    arg(s, 4),
    arg(s, 5),
    arg(s, 6),
    arg(s, 7),
    arg(s, 8),
    arg(s, 9),
    arg(s, 10),
    arg(s, 11),
    arg(s, 12),
    arg(s, 13),
    counter,
    own,
  );
}

export const attention: i32 = (step as Kernel).index;
