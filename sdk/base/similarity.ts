/** How alike embeddings are. */

import { ShapeError } from "../../gpu/errors.js";
import { checkInteger } from "./check.js";
import { checkFinite, sizeOf, type Tensor, tensor } from "./tensor.js";

/** One vector: a tensor counts as the vector of all its elements. */
export type Vector = ArrayLike<number> | Tensor;

/** @throws ShapeError if it is no vector */
function elements(x: Vector): ArrayLike<number> {
  const data = typeof x === "object" && x !== null && "data" in x ? x.data : x;
  if (typeof data === "object" && data !== null && data.length > 0) return data;
  const wanted = "expected a tensor or an array with at least one number";
  throw new ShapeError("SHAPE_MISMATCH", `cosineSimilarity: ${wanted}, got ${Object.prototype.toString.call(x)}`);
}

/** The largest magnitude. @throws NonFiniteError */
function largest(x: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]));
  if (!Number.isFinite(most)) checkFinite("cosineSimilarity", x);
  return most;
}

/** What keeps the squares of numbers of this magnitude within float64. */
const factorOf = (most: number) => (most > 1e-100 && most < 1e100 ? 1 : 1 / most);

/**
 * The cosine of the angle between two vectors of one length: 1 for the same direction, 0 for vectors at right angles, -1 for opposite
 * ones. It is 0 if one of them is zero.
 * @throws ShapeError if the lengths differ; NonFiniteError for NaN and infinity
 */
export function cosineSimilarity(a: Vector, b: Vector): number {
  const [x, y] = [elements(a), elements(b)];
  if (x.length !== y.length) {
    const lengths = `got ${x.length} and ${y.length} elements`;
    throw new ShapeError("SHAPE_MISMATCH", `cosineSimilarity: expected two vectors of one length, ${lengths}`);
  }
  const [mostX, mostY] = [largest(x), largest(y)];
  if (mostX === 0 || mostY === 0) return 0;
  const [s, t] = [factorOf(mostX), factorOf(mostY)];
  let [dot, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [u, v] = [s * x[i], t * y[i]];
    dot += u * v;
    xx += u * u;
    yy += v * v;
  }
  // rounding may take parallel vectors beyond 1
  return Math.max(-1, Math.min(1, dot / Math.sqrt(xx) / Math.sqrt(yy)));
}

/** @throws ShapeError if it is no tensor, or if its data do not fit its shape */
function checkTensor(name: string, x: Tensor): void {
  const isTensor = x?.data instanceof Float32Array && Array.isArray(x.shape);
  if (isTensor) return void tensor(x.data, x.shape, name);
  const wanted = "expected a tensor { data: Float32Array, shape }";
  throw new ShapeError("SHAPE_MISMATCH", `${name}: ${wanted}, got ${Object.prototype.toString.call(x)}`);
}

/**
 * Vector `i` of a tensor [n,...]: a view of its elements, no copy.
 * @throws OptionError if `i` is not from 0 to n - 1; ShapeError
 */
export function row(x: Tensor, i: number): Float32Array {
  checkTensor("row", x);
  const { data, shape } = x;
  const size = sizeOf(shape.slice(1));
  checkInteger("row", i, 0, shape[0] - 1);
  return data.subarray(i * size, (i + 1) * size);
}

/**
 * The cosine similarity of every embedding with every one: [n,C] -> [n,n], symmetric.
 * @throws ShapeError if the tensor does not have two dimensions
 */
export function similarity(embeddings: Tensor): Tensor {
  checkTensor("similarity", embeddings);
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
