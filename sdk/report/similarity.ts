/** Who resembles whom: similarities of all pairs, their order, and the shades in which a map shows them. */

/** Cosine of the angle between two vectors; 0 where one is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** Similarity of every pair. */
export function pairs(vectors: readonly Float32Array[]): number[][] {
  return vectors.map((a) => vectors.map((b) => cosine(a, b)));
}

/** A row's columns other than `self`, the most similar first, at most `count`. */
export function nearest(row: readonly number[], self: number, count: number): { index: number; value: number }[] {
  const others = row.map((value, index) => ({ value, index })).filter(({ index }) => index !== self);
  return others.sort((a, b) => b.value - a.value).slice(0, count);
}

/** From this share of the range on, cells are dark enough for light text. */
const HOT = 0.65;

/** One cell of a map. */
export interface Shade {
  /** Two decimals, without the zero in front. */
  readonly text: string;
  /** Where the value stands in the map's range, in percent. */
  readonly percent: number;
  readonly hot: boolean;
}

/** The range of a matrix without its diagonal, and how its cells are shown. */
export function shades(matrix: readonly (readonly number[])[]): {
  low: number;
  high: number;
  shade(value: number): Shade;
} {
  const others = matrix.flatMap((row, i) => row.filter((_, j) => j !== i));
  const low = others.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = others.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const shade = (value: number) => {
    const share = (value - low) / (high - low || 1);
    const text = value.toFixed(2).replace(/^(-?)0\./, "$1.");
    return { text, percent: Math.round(100 * share), hot: share > HOT };
  };
  return { low, high, shade };
}
