/**
 * Multi-head self-attention, softmax(q k^T / sqrt(D)) v (Vaswani et al., 2017), NR queries of a head at a time. Everything stands on its side,
 * scores [key][query] and outputs [D][query]: so a lane belongs to a query from the first product to the last, softmax needs no sum across
 * lanes, and its weights lie as the second product reads them.
 *
 * qkv [B,L,3C], a row laid out [q|k|v] x heads x D; out [B,L,C]. The work of one unit is one head of one image and one block of
 * `QUERY_BLOCK` queries; units are numbered block-fastest, and threads take `chunk` of them at a time. Keys and values of a head are packed
 * once for all units that a thread takes.
 */

import { exp4, take } from "./math";
import { MR, NR, packColumns, packRows, tile, transpose } from "./tile";

export const QUERY_BLOCK: i32 = 96;

/** `n` rows filled up to whole tiles. */
function tiled(n: i32): i32 {
  return ((n + MR - 1) / MR) * MR;
}

/** Bytes of scratch that `attention` needs for each thread. */
export function attentionScratch(L: i32, D: i32): usize {
  const keys = tiled(L) * D;
  const values = tiled(D) * L;
  const queries = (D + tiled(L) + tiled(D)) * NR;
  return <usize>(keys + values + queries) * 4 + 64;
}

export function attention(
  qkv: usize,
  out: usize,
  L: i32,
  heads: i32,
  D: i32,
  first: i32,
  last: i32,
  chunk: i32,
  counter: usize,
  scratch: usize,
): void {
  const keys = scratch;
  const values = keys + <usize>(tiled(L) * D) * 4;
  const queries = values + <usize>(tiled(D) * L) * 4;
  const scores = queries + <usize>(D * NR) * 4;
  const mixed = scores + <usize>(tiled(L) * NR) * 4;

  const scale = <f32>(1.0 / Math.sqrt(<f64>D));
  const blocks = (L + QUERY_BLOCK - 1) / QUERY_BLOCK;
  const C = heads * D;
  const ld = <usize>C * 12;
  let packedHead = -1;
  for (let from = first + take(counter, chunk); from < last; from = first + take(counter, chunk)) {
    for (let unit = from; unit < min(last, from + chunk); unit++) {
      const head = unit / blocks;
      const image = head / heads;
      const q = qkv + <usize>image * <usize>L * ld + <usize>(head % heads) * <usize>D * 4;
      const o = out + (<usize>image * <usize>L * <usize>C + <usize>(head % heads) * <usize>D) * 4;
      if (head != packedHead) {
        for (let j = 0; j < L; j += MR) {
          packRows(q + <usize>C * 4 + <usize>j * ld, ld, min(MR, L - j), D, keys + <usize>(j * D) * 4, MR);
        }
        for (let j = 0; j < D; j += MR) {
          packColumns(q + <usize>(2 * C + j) * 4, ld, min(MR, D - j), L, values + <usize>(j * L) * 4, MR);
        }
        packedHead = head;
      }
      const row0 = (unit % blocks) * QUERY_BLOCK;
      for (let r = row0; r < min(L, row0 + QUERY_BLOCK); r += NR) {
        const rows = min(NR, L - r);
        packRows(q + <usize>r * ld, ld, rows, D, queries, NR);
        product(keys, L, D, queries, scores);
        for (let lane = 0; lane < NR; lane += 8) softmax(scores + ((<usize>lane) << 2), L, scale);
        product(values, D, L, scores, mixed);
        transpose(mixed, NR * 4, D, rows, o + <usize>r * <usize>C * 4, <usize>C * 4);
      }
    }
  }
}

/** to [tiled(m)][NR] = a b; a in tiles [k][MR], b [k][NR]. */
function product(a: usize, m: i32, k: i32, b: usize, to: usize): void {
  memory.fill(to, 0, <usize>(tiled(m) * NR) * 4);
  for (let i = 0; i < m; i += MR) tile(a + <usize>(i * k) * 4, b, k, to + <usize>(i * NR) * 4, NR * 4);
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
  for (let p = scores; p < end; p += NR * 4) {
    const e0 = exp4(f32x4.mul(f32x4.sub(v128.load(p), top0), factor));
    const e1 = exp4(f32x4.mul(f32x4.sub(v128.load(p, 16), top1), factor));
    v128.store(p, e0);
    v128.store(p, e1, 16);
    total0 = f32x4.add(total0, e0);
    total1 = f32x4.add(total1, e1);
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
