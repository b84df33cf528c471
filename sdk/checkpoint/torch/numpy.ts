/** Scalars of NumPy, which training leaves in checkpoints: a dtype and its bytes. */

import { exact } from "./reader.js";
import type { NumpyType } from "./values.js";

/** By the code of the type; `le` is whether the bytes are little-endian. */
const READ: Readonly<Record<string, (view: DataView, le: boolean) => number | bigint | boolean>> = {
  f8: (view, le) => view.getFloat64(0, le),
  f4: (view, le) => view.getFloat32(0, le),
  b1: (view) => view.getUint8(0) !== 0,
  i1: (view) => view.getInt8(0),
  u1: (view) => view.getUint8(0),
  i2: (view, le) => view.getInt16(0, le),
  u2: (view, le) => view.getUint16(0, le),
  i4: (view, le) => view.getInt32(0, le),
  u4: (view, le) => view.getUint32(0, le),
  i8: (view, le) => exact(view.getBigInt64(0, le)),
  u8: (view, le) => exact(view.getBigUint64(0, le)),
};

/** The number, or undefined if the bytes are not one of the type. (The code is a letter and the bytes: see calls.ts.) */
export function readScalar(
  { code, littleEndian }: NumpyType,
  bytes: Uint8Array,
): number | bigint | boolean | undefined {
  if (bytes.length !== Number(code[1])) return undefined;
  return READ[code]?.(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), littleEndian);
}
