/**
 * Multi-head self-attention, softmax(q k^T / sqrt(D)) v (Vaswani et al., 2017), a tile of query rows at a time: keys and values of a head
 * are packed once into panels, scores exist for the rows of a tile only.
 *
 * qkv [B,L,3C], a row laid out [q|k|v] x heads x D; out [B,L,C]. The work of one unit is one head of one image and one block of
 * `QUERY_BLOCK` query rows; units are numbered block-fastest, and threads take `chunk` of them
 * at a time.
 */

import { exp4, max4, sum4, take } from "./math";
import { copyBlock, MR, NR, packColumns, packRows, TILE_BYTES, tile } from "./tile";

export const QUERY_BLOCK: i32 = 16 * MR;

function roundUp(n: i32): i32 {
  return ((n + NR - 1) / NR) * NR;
}

/** Bytes of scratch that `attention` needs for each thread. */
export function attentionScratch(L: i32, D: i32): usize {
  const keys = roundUp(L) * D;
  const values = roundUp(D) * L;
  const rows = MR * (D + roundUp(L) + L);
  return <usize>(keys + values + rows) * 4 + TILE_BYTES + 64;
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
  const edge = scratch;
  const keys = edge + TILE_BYTES;
  const values = keys + <usize>(roundUp(L) * D) * 4;
  const query = values + <usize>(roundUp(D) * L) * 4;
  const scores = query + <usize>(MR * D) * 4;
  const weights = scores + <usize>(MR * roundUp(L)) * 4;

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
        packHead(q + <usize>C * 4, q + <usize>C * 8, ld, L, D, keys, values);
        packedHead = head;
      }
      const row0 = (unit % blocks) * QUERY_BLOCK;
      for (let r = row0; r < min(L, row0 + QUERY_BLOCK); r += MR) {
        const rows = min(MR, L - r);
        packRows(q + <usize>r * ld, ld, rows, D, query, MR);
        scoreRows(query, keys, L, D, scores);
        softmaxRows(scores, L, D);
        packRows(scores, <usize>roundUp(L) * 4, MR, L, weights, MR);
        mixValues(weights, values, L, D, rows, o + <usize>r * <usize>C * 4, <usize>C * 4, edge);
      }
    }
  }
}

function packHead(k: usize, v: usize, ld: usize, L: i32, D: i32, keys: usize, values: usize): void {
  for (let j = 0; j < L; j += NR) packRows(k + <usize>j * ld, ld, min(NR, L - j), D, keys + <usize>(j * D) * 4, NR);
  for (let j = 0; j < D; j += NR)
    packColumns(v + ((<usize>j) << 2), ld, min(NR, D - j), L, values + <usize>(j * L) * 4);
}

/** scores [MR, roundUp(L)] = query keys^T. */
function scoreRows(query: usize, keys: usize, L: i32, D: i32, scores: usize): void {
  const ld = <usize>roundUp(L) * 4;
  memory.fill(scores, 0, ld * MR);
  for (let j = 0; j < L; j += NR) tile(query, keys + <usize>(j * D) * 4, D, scores + ((<usize>j) << 2), ld);
}

/** In place: softmax(scores / sqrt(D)) over the first L of each row. */
function softmaxRows(scores: usize, L: i32, D: i32): void {
  const scale = <f32>(1.0 / Math.sqrt(<f64>D));
  for (let r = 0; r < MR; r++) {
    const row = scores + <usize>(r * roundUp(L)) * 4;
    const end = row + ((<usize>L) << 2);
    const padded = row + ((<usize>L + 3) & ~3) * 4;
    for (let p = end; p < padded; p += 4) store<f32>(p, -Infinity);
    let top = f32x4.splat(-Infinity);
    for (let p = row; p < padded; p += 16) top = f32x4.max(top, v128.load(p));
    const shift = f32x4.splat(max4(top));
    let total = f32x4.splat(0);
    for (let p = row; p < padded; p += 16) {
      const e = exp4(f32x4.mul(f32x4.sub(v128.load(p), shift), f32x4.splat(scale)));
      v128.store(p, e);
      total = f32x4.add(total, e);
    }
    // the padding, if any, added exp(-87) < 2e-38 for each lane: below half a unit of a sum that is at least 1
    const inverse = f32x4.splat(1 / sum4(total));
    for (let p = row; p < padded; p += 16) v128.store(p, f32x4.mul(v128.load(p), inverse));
  }
}

/** out [rows,D] = weights values. */
function mixValues(weights: usize, values: usize, L: i32, D: i32, rows: i32, out: usize, ld: usize, edge: usize): void {
  for (let j = 0; j < D; j += NR) {
    const cols = min(NR, D - j);
    const at = out + ((<usize>j) << 2);
    memory.fill(edge, 0, TILE_BYTES);
    tile(weights, values + <usize>(j * L) * 4, L, edge, NR * 4);
    copyBlock(at, ld, edge, NR * 4, rows, cols);
  }
}
