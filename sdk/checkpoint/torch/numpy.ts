/** Scalars of NumPy, which training leaves in checkpoints: a dtype and its bytes. */

import type { NumpyType } from "./values.js";

/** The number, or undefined where the bytes are not one of the type. */
export function readScalar(
  { code, littleEndian: le }: NumpyType,
  bytes: Uint8Array,
): number | bigint | boolean | undefined {
  if (bytes.length !== Number(code[1])) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (code) {
    case "f8":
      return view.getFloat64(0, le);
    case "f4":
      return view.getFloat32(0, le);
    case "b1":
      return view.getUint8(0) !== 0;
    case "i1":
      return view.getInt8(0);
    case "u1":
      return view.getUint8(0);
    case "i2":
      return view.getInt16(0, le);
    case "u2":
      return view.getUint16(0, le);
    case "i4":
      return view.getInt32(0, le);
    case "u4":
      return view.getUint32(0, le);
    case "i8":
      return exact(view.getBigInt64(0, le));
    case "u8":
      return exact(view.getBigUint64(0, le));
    default:
      return undefined;
  }
}

const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
