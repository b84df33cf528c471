/** Who resembles whom: similarities of all pairs, and their order. */

/** Cosine of the angle between two vectors; 0 if one is zero. */
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
