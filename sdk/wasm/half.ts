/** Arrays of f16 and bf16 bit patterns to f32 and back, in WASM. */

import { type DataExports, withScratch } from "./data.js";

type Bits = Uint16Array | Float32Array;
type Convert = (exports: DataExports, from: number, to: number, count: number) => void;

/** Elements converted at a time, so that an array of any length needs little WASM memory. */
const CHUNK = 2 ** 18;
/** The kernels take multiples of this. */
const STEP = 8;

/** `part`, filled up with zeros to a multiple of STEP elements. */
function padded<T extends Bits>(part: T): T {
  if (part.length % STEP === 0) return part;
  const whole = new (part.constructor as new (length: number) => T)(Math.ceil(part.length / STEP) * STEP);
  whole.set(part);
  return whole;
}

/** In `to`, whose memory may end with that of `from` where its elements are wider: a chunk is read before it is written. */
function convert<T extends Bits>(from: Bits, to: T, kernel: Convert): T {
  const read = to.BYTES_PER_ELEMENT === 2 ? Uint16Array : Float32Array;
  for (let start = 0; start < from.length; start += CHUNK) {
    const part = padded(from.subarray(start, start + CHUNK));
    withScratch(({ exports, put, alloc, memory }) => {
      const target = alloc(part.length * to.BYTES_PER_ELEMENT);
      kernel(exports, put(part), target, part.length);
      const count = Math.min(CHUNK, from.length - start);
      to.set(new read(memory.buffer, target, count), start);
    });
  }
  return to;
}

/** f16 bit patterns [n] -> f32 [n], exact; a NaN stays a NaN (IEEE 754 binary16); in `out`, where that is given. */
export function f16ToF32(bits: Uint16Array, out: Float32Array = new Float32Array(bits.length)): Float32Array {
  return convert(bits, out, (wasm, from, to, n) => wasm.f16ToF32(from, to, n));
}

/** f32 [n] -> f16 bit patterns [n], rounded to nearest even; beyond 65,504 an infinity, a NaN stays a NaN; in `out`, where that is given. */
export function f32ToF16(numbers: Float32Array, out: Uint16Array = new Uint16Array(numbers.length)): Uint16Array {
  return convert(numbers, out, (wasm, from, to, n) => wasm.f32ToF16(from, to, n));
}

/** bf16 bit patterns [n] -> f32 [n], exact; in `out`, where that is given. */
export function bf16ToF32(bits: Uint16Array, out: Float32Array = new Float32Array(bits.length)): Float32Array {
  return convert(bits, out, (wasm, from, to, n) => wasm.bf16ToF32(from, to, n));
}

/** f32 [n] -> bf16 bit patterns [n], rounded to nearest even; a NaN stays a NaN. */
export function f32ToBf16(numbers: Float32Array): Uint16Array {
  return convert(numbers, new Uint16Array(numbers.length), (wasm, from, to, n) => wasm.f32ToBf16(from, to, n));
}
