/** How alike embeddings are. */

import { ShapeError } from "../../gpu/errors.js";
import { checkInteger } from "./check.js";
import { sizeOf, type Tensor } from "./tensor.js";

/** One vector: a tensor counts as the vector of all its elements. */
export type Vector = ArrayLike<number> | Tensor;

const elements = (x: Vector): ArrayLike<number> => ("data" in x ? x.data : x);

/**
 * The cosine of the angle between two vectors of one length: 1 for the same direction, 0 for vectors at right angles, -1 for opposite
 * ones. It is 0 if one of them is zero.
 * @throws ShapeError if the lengths differ
 */
export function cosineSimilarity(a: Vector, b: Vector): number {
  const [x, y] = [elements(a), elements(b)];
  if (x.length !== y.length) {
    const lengths = `got ${x.length} and ${y.length} elements`;
    throw new ShapeError("SHAPE_MISMATCH", `cosineSimilarity: expected two vectors of one length, ${lengths}`);
  }
  let [dot, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    dot += x[i] * y[i];
    xx += x[i] * x[i];
    yy += y[i] * y[i];
  }
  // rounding may take parallel vectors beyond 1
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, dot / Math.sqrt(xx) / Math.sqrt(yy))) : 0;
}

/**
 * Vector `i` of a tensor [n,...]: a view of its elements, no copy.
 * @throws OptionError if `i` is not from 0 to n - 1
 */
export function row({ data, shape }: Tensor, i: number): Float32Array {
  const size = sizeOf(shape.slice(1));
  checkInteger("row", i, 0, shape[0] - 1);
  return data.subarray(i * size, (i + 1) * size);
}

/**
 * The cosine similarity of every embedding with every one: [n,C] -> [n,n], symmetric.
 * @throws ShapeError if the tensor does not have two dimensions
 */
export function similarity(embeddings: Tensor): Tensor {
  const { shape } = embeddings;
  if (shape.length !== 2) throw new ShapeError("SHAPE_MISMATCH", `similarity: expected a tensor [n,C], got [${shape}]`);
  const [n] = shape;
  const rows = Array.from({ length: n }, (_, i) => row(embeddings, i));
  const data = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) data[i * n + j] = data[j * n + i] = cosineSimilarity(rows[i], rows[j]);
  }
  return { data, shape: [n, n] };
}
