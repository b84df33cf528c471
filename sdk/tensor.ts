/** The host-side result of a computation: numbers and their shape. */

import { NonFiniteError, ShapeError } from "../gpu/errors.js";

/** A dense row-major f32 tensor on the host. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * Makes a tensor of `shape` over `data` (not copied).
 * @throws ShapeError where the number of elements is not the product of the shape.
 */
export function tensor(data: Float32Array | readonly number[], shape: readonly number[]): Tensor {
  const valid = shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!valid || data.length !== sizeOf(shape)) {
    throw new ShapeError(
      "SHAPE_MISMATCH",
      `tensor: shape [${shape}] needs ${sizeOf(shape)} numbers, got ${data.length}`,
    );
  }
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape: [...shape] };
}

/** @throws NonFiniteError naming the first NaN or infinity of `data`. */
export function checkFinite(name: string, data: ArrayLike<number>): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) throw new NonFiniteError(name, i, data[i]);
  }
}
