/** The host-side result of a computation: numbers and their shape. */

import { NonFiniteError, ShapeError } from "../../gpu/errors.js";

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
 * Makes a tensor of `shape` over `data` (a Float32Array is not copied). `name` is for messages.
 * @throws ShapeError if the data are no floats, or the number of elements is not the product of the shape.
 */
export function tensor(data: Float32Array | readonly number[], shape: readonly number[], name = "tensor"): Tensor {
  const floats = floatsOf(name, data);
  const valid = shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!valid || floats.length !== sizeOf(shape)) {
    const needed = `shape [${shape}] needs ${sizeOf(shape)} numbers`;
    throw new ShapeError("SHAPE_MISMATCH", `${name}: ${needed}, got ${floats.length}`);
  }
  return { data: floats, shape: [...shape] };
}

/** f32 elements. Integers are refused because they are pixels or labels: as a tensor's elements they would be 0 to 255. */
function floatsOf(name: string, data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  const type = Object.prototype.toString.call(data).slice(8, -1);
  const isFloat = Array.isArray(data) ? data.every((x) => typeof x === "number") : /^Float\d+Array$/.test(type);
  if (isFloat) return Float32Array.from(data as readonly number[]);
  const hint = "pass pixels as { data, width, height }";
  throw new ShapeError("SHAPE_MISMATCH", `${name}: expected data in a Float32Array, got ${type}; ${hint}`);
}

/** Puts tensors of one size behind each other along the first dimension. @throws ShapeError if sizes differ. */
export function concat(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (parts.length === 1) return first;
  const item = first.shape.slice(1);
  const other = parts.find((p) => String(p.shape.slice(1)) !== String(item));
  if (other) {
    const sizes = `[${item}] and [${other.shape.slice(1)}]`;
    throw new ShapeError(
      "SHAPE_MISMATCH",
      `images of one call must have one size, got ${sizes}; make one call for each size`,
    );
  }
  const data = new Float32Array(parts.reduce((sum, p) => sum + p.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [parts.reduce((sum, p) => sum + p.shape[0], 0), ...item] };
}

/** @throws NonFiniteError naming the first NaN or infinity of `data`. */
export function checkFinite(name: string, data: ArrayLike<number>): void {
  if (data instanceof Float32Array && allFinite(data)) return;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) throw new NonFiniteError(name, i, data[i]);
  }
}

/** Whole models pass through here: 0 x is NaN where x is not finite, and so is every sum with it; four of them depend less on each other. */
function allFinite(data: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += 0 * data[i];
    b += 0 * data[i + 1];
    c += 0 * data[i + 2];
    d += 0 * data[i + 3];
  }
  for (let i = whole; i < data.length; i++) a += 0 * data[i];
  return a + b + c + d === 0;
}
