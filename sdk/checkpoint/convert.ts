/** Stored elements to f32. The bytes are little-endian, and so is every platform that runs WASM. */

import { bf16ToF32, f16ToF32 } from "../wasm/half.js";

export interface Conversion {
  /** Of one element. */
  readonly bytes: number;
  /** `buffer` holds whole elements and nothing else. */
  toF32(buffer: ArrayBuffer): Float32Array;
}

const CONVERSIONS: ReadonlyMap<string, Conversion> = new Map<string, Conversion>([
  ["F32", { bytes: 4, toF32: (buffer) => new Float32Array(buffer) }],
  ["F16", { bytes: 2, toF32: (buffer) => f16ToF32(new Uint16Array(buffer)) }],
  ["BF16", { bytes: 2, toF32: (buffer) => bf16ToF32(new Uint16Array(buffer)) }],
  ["F64", { bytes: 8, toF32: (buffer) => Float32Array.from(new Float64Array(buffer)) }],
  ["I64", { bytes: 8, toF32: (buffer) => Float32Array.from(new BigInt64Array(buffer), Number) }],
  ["I32", { bytes: 4, toF32: (buffer) => Float32Array.from(new Int32Array(buffer)) }],
  ["I16", { bytes: 2, toF32: (buffer) => Float32Array.from(new Int16Array(buffer)) }],
  ["I8", { bytes: 1, toF32: (buffer) => Float32Array.from(new Int8Array(buffer)) }],
  ["U8", { bytes: 1, toF32: (buffer) => Float32Array.from(new Uint8Array(buffer)) }],
  ["BOOL", { bytes: 1, toF32: (buffer) => Float32Array.from(new Uint8Array(buffer), (byte) => (byte === 0 ? 0 : 1)) }],
]);

/** Undefined for dtypes that have no f32 value (complex ones). */
export function conversionOf(dtype: string): Conversion | undefined {
  return CONVERSIONS.get(dtype);
}

const COMPLEX: ReadonlyMap<string, number> = new Map([
  ["C64", 8],
  ["C128", 16],
]);

export function bytesOf(dtype: string): number {
  return CONVERSIONS.get(dtype)?.bytes ?? COMPLEX.get(dtype)!;
}
