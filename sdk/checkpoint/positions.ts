/**
 * The position embedding of one grid resized to another, by cubic convolution (R. Keys, "Cubic Convolution Interpolation for Digital Image
 * Processing", 1981) at half-pixel centres; the class position stays. mmpretrain and Hugging Face take A = -0.75 and repeat the edge; timm
 * antialiases: A = -0.5, the kernel as wide as a new place where the grid shrinks, nothing beyond the edge. Computed in f64 and rounded
 * once, where torch rounds each product.
 */

import type { Tensor } from "../base/tensor.js";

/** Side of the square grid behind the class position of `[1,1+N,C]`; undefined if there is none. */
export function gridSide(shape: readonly number[]): number | undefined {
  const [one, tokens] = shape;
  const side = Math.floor(Math.sqrt(tokens - 1));
  return shape.length === 3 && one === 1 && side > 0 && side * side === tokens - 1 ? side : undefined;
}

/** [1,1+from*from,C] -> [1,1+to*to,C] */
export function resizePositions({ data, shape }: Tensor, from: number, to: number, antialias = false): Tensor {
  const C = shape[2];
  const out = new Float32Array((1 + to * to) * C);
  out.set(data.subarray(0, C));
  const rows = taps(from, to, antialias);
  const sum = new Float64Array(C);
  for (let n = 0; n < to * to; n++) {
    sum.fill(0);
    for (const [y, wy] of rows[Math.floor(n / to)]) {
      for (const [x, wx] of rows[n % to]) {
        const at = (1 + y * from + x) * C;
        for (let c = 0; c < C; c++) sum[c] += wy * wx * data[at + c];
      }
    }
    out.set(sum, (1 + n) * C);
  }
  return { data: out, shape: [1, 1 + to * to, C] };
}

/** For each place of the new axis the places of the old one with their weights. */
function taps(from: number, to: number, antialias: boolean): (readonly [place: number, weight: number])[][] {
  const width = antialias ? Math.max(1, from / to) : 1;
  return Array.from({ length: to }, (_, i) => {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre - 2 * width) + 1;
    const all = Array.from({ length: Math.ceil(4 * width) }, (_, k) => first + k);
    const seen = antialias ? all.filter((place) => place >= 0 && place < from) : all;
    const weights = seen.map((place) => cubic((place - centre) / width, antialias ? -0.5 : -0.75));
    const sum = antialias ? weights.reduce((a, b) => a + b) : 1;
    return seen.map((place, k) => [Math.min(Math.max(place, 0), from - 1), weights[k] / sum] as const);
  });
}

function cubic(distance: number, A: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  return d < 2 ? ((A * d - 5 * A) * d + 8 * A) * d - 4 * A : 0;
}
