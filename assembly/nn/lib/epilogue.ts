/** What a matmul does to a sum before it is stored. */

import { gelu8 } from "./math";
import { copyBlock } from "./tile";

/** Nothing is 0; of the others: */
export const GELU: i32 = 1;
export const ADD: i32 = 2;

/** A whole tile of sums at `edge`, `columns` wide -> the epilogue, and its live part into y. */
export function finishTile(
  edge: usize,
  columns: i32,
  rows: i32,
  cols: i32,
  y: usize,
  residual: usize,
  ldy: usize,
  epilogue: i32,
): void {
  const ld = (<usize>columns) << 2;
  if (epilogue == GELU) geluRows(edge, ld, rows, columns);
  copyBlock(y, ldy, edge, ld, rows, cols);
  if (epilogue == ADD) addBlock(y, residual, ldy, rows, cols);
}

/** gelu in place; `columns` is a multiple of 8. */
export function geluRows(c: usize, ld: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let i: usize = 0; i < (<usize>columns) << 2; i += 32) gelu8(c + i, c + i);
    c += ld;
  }
}

/** y += residual. */
export function addBlock(y: usize, residual: usize, ld: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++) {
    let i: usize = 0;
    const bytes = (<usize>cols) << 2;
    for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(residual + i)));
    for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) + load<f32>(residual + i));
    y += ld;
    residual += ld;
  }
}
