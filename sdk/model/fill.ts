/**
 * Weights that are computed from names only: a deterministic fill that is bit-equal in PyTorch and here, and the reference's random
 * initialisation from a seed. Both draw from the same counter-based generator, so parameters can be made one by one, in any order.
 */

import { ShapeError } from "../../gpu/errors.js";
import { sizeOf } from "../base/tensor.js";

/** Names of this module: in the contexts of node:vm, in which Jest runs tests, each look at a global takes a microsecond. */
const { PI, cos, imul, log, sin, sqrt } = Math;

const GOLDEN = 0x9e3779b9;

/** FNV-1a of the UTF-8 bytes of `name` (Fowler, Noll, Vo; http://www.isthe.com/chongo/tech/comp/fnv/). */
export function fnv1a32(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** A bijection of 32 bits with low bias (C. Wellons, "Prospecting for Hash Functions", 2018, https://nullprogram.com/blog/2018/07/31/). */
function lowbias32(x: number): number {
  x = imul(x ^ (x >>> 16), 0x7feb352d);
  x = imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The generator: 32 random bits for each `key` (`fnv1a32` of a name) and `index`. */
export function u32(key: number, index: number): number {
  return lowbias32((imul(index, GOLDEN) + key) | 0);
}

/** Last part of a parameter's name: `weight`, `bias`, `cls_token` ... */
const lastPart = (name: string) => name.slice(name.lastIndexOf(".") + 1);

const isToken = (part: string) => part === "pos_embed" || part === "cls_token" || part === "mask_token";

/**
 * The deterministic fill of the parameter `name` (its state-dict name with prefix) of `shape`; undefined for buffers, which keep their
 * computed values. Computed in f64 and rounded once.
 */
export function proceduralFill(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> | undefined {
  const fill = (scale: number, offset = 0) => uniform(fnv1a32(name), sizeOf(shape), scale, offset);
  const part = lastPart(name);
  if (part.startsWith("rel_pos")) return fill(0.2);
  if (isToken(part)) return fill(0.5);
  if (part === "bias") return fill(0.1);
  if (part !== "weight") return undefined;
  return shape.length >= 2 ? fill(sqrt(3 / sizeOf(shape.slice(1)))) : fill(0.1, 1);
}

/** `count` values `offset + scale * s`, s = (24 random bits - 2^23) / 2^23 in [-1, 1), exact in f32. */
function uniform(key: number, count: number, scale: number, offset = 0): Float32Array<ArrayBuffer> {
  const data = new Float32Array(count);
  const step = scale / 2 ** 23; // a power of two: multiplying by it first rounds the same
  for (let i = 0; i < count; i++) data[i] = offset + step * ((u32(key, i) >>> 8) - 0x800000);
  return data;
}

/**
 * The reference's initialisation of the parameter `name` from `seed`: N(0, 0.02) for tokens, the position embedding and the weights of
 * linear layers and the patch convolution; biases 0, norms 1 and 0; the patch convolution's bias uniform in +-1/sqrt(fan-in), which the
 * reference leaves as torch makes it; the classifier's head N(0, 2e-5) with biases of 2e-5. `shapes` holds all parameters of the model, as
 * the fan-in of a bias is in its weight's shape. Undefined for buffers.
 *
 * The reference's `trunc_normal_` cuts at absolute +-2, which is a hundred standard deviations, and so is a plain normal; that torch's
 * sampling now and then returns exactly -2 is a defect that is not copied. The stream is ours: the same on every machine, up to the last
 * bit of the platform's logarithm, sine and cosine.
 * @throws ShapeError if `shapes` lacks `name`, or the weight beside the convolution's bias.
 */
export function initFill(
  seed: number,
  name: string,
  shapes: ReadonlyMap<string, readonly number[]>,
): Float32Array<ArrayBuffer> | undefined {
  const shape = shapeOf(shapes, name);
  const part = lastPart(name);
  const count = sizeOf(shape);
  const key = fnv1a32(`init/${seed}/${name}`);
  const isHead = name.startsWith("head.");
  if (isToken(part)) return normal(key, count, 0.02);
  if (part === "weight") {
    return shape.length >= 2 ? normal(key, count, isHead ? 2e-5 : 0.02) : new Float32Array(count).fill(1);
  }
  if (part !== "bias") return undefined;
  if (isHead) return new Float32Array(count).fill(2e-5);
  if (!name.endsWith("patch_embed.projection.bias")) return new Float32Array(count);
  const weight = shapeOf(shapes, `${name.slice(0, -"bias".length)}weight`);
  return uniform(key, count, 1 / sqrt(sizeOf(weight.slice(1))));
}

function shapeOf(shapes: ReadonlyMap<string, readonly number[]>, name: string): readonly number[] {
  const shape = shapes.get(name);
  if (!shape) throw new ShapeError("SHAPE_MISMATCH", `initFill: ${name} is not among the model's parameters`);
  return shape;
}

/** `count` values of N(0, deviation), two from each pair of draws (G. Box, M. Muller, 1958). */
function normal(key: number, count: number, deviation: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = deviation * sqrt(-2 * log((u32(key, i) + 0.5) / 2 ** 32));
    const angle = (2 * PI * u32(key, i + 1)) / 2 ** 32;
    data[i] = radius * cos(angle);
    if (i + 1 < count) data[i + 1] = radius * sin(angle);
  }
  return data;
}
