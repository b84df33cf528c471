/** Stored elements to f32. The bytes are little-endian, and so is every platform that runs WASM. */

import { constant } from "../base/constant.js";
import { copyBytes } from "../io/source.js";
import type { ByteSource } from "../io/types.js";
import { bf16ToF32, f16ToF32 } from "../wasm/half.js";

export interface Conversion {
  /** Bytes of one element. */
  readonly bytes: number;
  /** As many elements as `out` takes. They may lie at the end of its own memory: none is overwritten before it is read. */
  toF32(stored: Uint8Array, out: Float32Array): void;
  /** Elements beyond the range of f32, which become infinite: the first of each call. */
  readonly lost: readonly number[];
}

type View = { new (buffer: ArrayBufferLike, offset: number, length: number): ArrayLike<number | bigint> };

function conversion<T extends View>(
  View: T & { readonly BYTES_PER_ELEMENT: number },
  convert: (from: InstanceType<T>, out: Float32Array) => unknown,
): { bytes: number; make: () => Conversion } {
  const bytes = View.BYTES_PER_ELEMENT;
  const make = () => {
    const lost: number[] = [];
    const toF32 = (stored: Uint8Array, out: Float32Array) => {
      const { buffer, byteOffset } = stored.byteOffset % bytes === 0 ? stored : copyBytes(stored);
      const beyond = convert(new View(buffer, byteOffset, out.length) as InstanceType<T>, out);
      if (typeof beyond === "number") lost.push(beyond);
    };
    return { bytes, toF32, lost };
  };
  return { bytes, make };
}

/** One by one, from the first to the last. */
function eachTo(from: ArrayLike<number | bigint>, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = Number(from[i]);
}

/** The same; gives the first finite number that became infinite. */
function narrow(from: Float64Array, out: Float32Array): number | undefined {
  eachTo(from, out);
  const lost = out.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(from[i]));
  return lost < 0 ? undefined : from[lost];
}

function copy(from: Float32Array, out: Float32Array): void {
  if (from.buffer !== out.buffer) out.set(from);
}

function bools(from: Uint8Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = from[i] === 0 ? 0 : 1;
}

const CONVERSIONS = constant(
  () =>
    new Map([
      ["F32", conversion(Float32Array, copy)],
      ["F16", conversion(Uint16Array, f16ToF32)],
      ["BF16", conversion(Uint16Array, bf16ToF32)],
      ["F64", conversion(Float64Array, narrow)],
      ["I64", conversion(BigInt64Array, eachTo)],
      ["I32", conversion(Int32Array, eachTo)],
      ["I16", conversion(Int16Array, eachTo)],
      ["I8", conversion(Int8Array, eachTo)],
      ["U8", conversion(Uint8Array, eachTo)],
      ["BOOL", conversion(Uint8Array, bools)],
    ]),
);

/** For one tensor; undefined for dtypes that have no f32 value (complex ones). */
export const conversionOf = (dtype: string): Conversion | undefined => CONVERSIONS.get(dtype)?.make();

const COMPLEX: Readonly<Record<string, number>> = { C64: 8, C128: 16 };

export const bytesOf = (dtype: string): number => CONVERSIONS.get(dtype)?.bytes ?? COMPLEX[dtype];

/** Elements wider than f32 that are read at once. */
const WIDE = 2 ** 17;

/**
 * Fills `out` with the elements from byte `at` on, which are read into its own memory where they fit there, so that nothing else is
 * needed. @throws FileError
 */
export async function readF32(
  source: ByteSource,
  at: number,
  { bytes, toF32 }: Conversion,
  out: Float32Array,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<void> {
  const fits = bytes <= out.BYTES_PER_ELEMENT;
  const most = fits ? out.length : WIDE;
  for (let from = 0; from < out.length; from += most) {
    const part = out.subarray(from, from + most);
    const length = part.length * bytes;
    const into = fits ? new Uint8Array(out.buffer, out.byteOffset + out.byteLength - length, length) : undefined;
    const stored = await source.read(at + from * bytes, length, into);
    onBytes?.(stored);
    toF32(stored, part);
  }
}
