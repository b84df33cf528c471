/** Tensors on their way into a file: rounded to the dtype in which they are stored. */

import { CheckpointError, ShapeError } from "../../gpu/errors.js";
import { sizeOf, tensor } from "../base/tensor.js";
import { f32ToBf16, f32ToF16 } from "../wasm/half.js";
import { beyondRange } from "./fail.js";

export type StoredDtype = "F32" | "F16" | "BF16";

/** A tensor to write; it is rounded to `dtype` (to nearest even), F32 by default. */
export interface TensorToWrite {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly dtype?: StoredDtype;
}

/** What stands in a file beside a tensor's data. */
export interface TensorHeader {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: StoredDtype;
}

/** A tensor whose numbers are asked for when their place in the file is reached; then they are not used again. */
export interface TensorToStream extends TensorHeader {
  read(): Promise<Float32Array>;
}

/** A tensor whose elements come in parts, in order. */
export interface TensorInParts extends TensorHeader {
  parts(): AsyncIterable<Float32Array>;
}

const ENCODE = { F32: (data: Float32Array) => data, F16: f32ToF16, BF16: f32ToBf16 };

/** Bits of infinity in each 16-bit type, without the sign. */
const INFINITY = { F16: 0x7c00, BF16: 0x7f80 };

/**
 * The stored bytes, little-endian.
 * @throws ShapeError if data and shape differ; CheckpointError CKPT_RANGE if a finite element would become infinite
 */
export function encode(data: Float32Array, { name, shape, dtype }: TensorHeader): Uint8Array {
  const encoded = ENCODE[dtype](tensor(data, shape).data);
  if (dtype !== "F32") {
    const lost = encoded.findIndex((bits, i) => (bits & 0x7fff) === INFINITY[dtype] && Number.isFinite(data[i]));
    if (lost >= 0) throw new CheckpointError("CKPT_RANGE", beyondRange(name, lost, data[lost], dtype));
  }
  return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}

/** The stored bytes part by part. @throws as `encode` */
export async function* encodeParts({ name, shape, dtype, parts }: TensorInParts): AsyncGenerator<Uint8Array> {
  let found = 0;
  for await (const part of parts()) {
    found += part.length;
    yield encode(part, { name, shape: [part.length], dtype });
  }
  if (found === sizeOf(shape)) return;
  throw new ShapeError("SHAPE_MISMATCH", `${name}: shape [${shape}] needs ${sizeOf(shape)} elements, got ${found}`);
}

/** Tensors with their stored bytes. @throws as `encode` */
export function encodeAll(tensors: Iterable<readonly [string, TensorToWrite]>) {
  return [...tensors].map(([name, { data, shape, dtype = "F32" }]) => {
    const header = { name, shape, dtype };
    return { ...header, bytes: encode(data, header) };
  });
}

/** @throws CheckpointError CKPT_DUPLICATE for a name that occurs twice or is reserved */
export function checkNames(tensors: readonly TensorHeader[], reserved: readonly string[] = []): void {
  const seen = new Set(reserved);
  for (const { name } of tensors) {
    if (seen.has(name)) {
      throw new CheckpointError("CKPT_DUPLICATE", `the tensor name ${JSON.stringify(name)} is given twice or reserved`);
    }
    seen.add(name);
  }
}

/** All parts of a file as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
