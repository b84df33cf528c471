/** How numbers lie on the GPU: as f32 or f16, and matrix products' weights transposed. */

/** GPUBufferUsage; in Node there is no global of that name. */
export const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, STORAGE: 128, QUERY_RESOLVE: 512 } as const;

/** GPUMapMode.READ. */
export const MAP_READ = 1;

/** Numbers on the GPU. */
export interface GpuNumbers {
  readonly buffer: GPUBuffer;
  readonly label: string;
  /** A matrix product's weight [n,k] lies transposed, [k, n rounded up to 4]. */
  readonly packed?: { readonly n: number; readonly k: number };
  /** Stored as f32 whatever the device's storage. */
  readonly wide?: boolean;
}

/** Conversion between f32 and the bits of f16, to the nearest even. */
export interface Halves {
  to(numbers: Float32Array): Uint16Array;
  from(bits: Uint16Array): Float32Array;
}

/** `n` rounded up to a multiple of `to`. */
export const align = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Between the host's f32 and what the GPU stores. */
export class Storage {
  /** @param halves given where numbers are stored as f16 */
  constructor(readonly halves?: Halves) {}

  /** Of one number. */
  get numberBytes(): 2 | 4 {
    return this.halves ? 2 : 4;
  }

  /** Bytes of `count` numbers, filled up to a multiple of 4, as bindings and copies must be. */
  bytes(count: number, wide?: boolean): number {
    return align(count * (wide ? 4 : this.numberBytes), 4);
  }

  /** Numbers as the GPU stores them. A copy where the memory is shared, which the queue refuses. */
  encode(data: Float32Array, wide?: boolean): Uint8Array<ArrayBuffer> {
    const stored = wide || !this.halves ? data : this.halves.to(data);
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    if (bytes.length % 4 === 0 && bytes.buffer instanceof ArrayBuffer) return bytes as Uint8Array<ArrayBuffer>;
    const copy = new Uint8Array(align(bytes.length, 4));
    copy.set(bytes);
    return copy;
  }

  /** A copy of `count` numbers from byte `at` of mapped memory. */
  decode(mapped: ArrayBuffer, at: number, count: number, wide?: boolean): Float32Array {
    if (wide || !this.halves) return new Float32Array(mapped, at, count).slice();
    return this.halves.from(new Uint16Array(mapped, at, count));
  }
}

/** A weight [n,k] as kernels read it: [k, n rounded up to 4], zeros behind n. */
export function packWeight(weight: Float32Array, n: number, k: number): Float32Array {
  return transposed(weight, n, k, align(n, 4));
}

/** The inverse of `packWeight`. */
export function unpackWeight(packed: Float32Array, n: number, k: number): Float32Array {
  return transposed(packed, k, align(n, 4), k).subarray(0, n * k);
}

/** x [rows,columns] -> [columns,width]; columns of the result beyond `rows` are zero. In blocks that stay in cache. */
function transposed(x: Float32Array, rows: number, columns: number, width: number): Float32Array {
  const y = new Float32Array(columns * width);
  const BLOCK = 32;
  for (let row0 = 0; row0 < rows; row0 += BLOCK) {
    const last = Math.min(rows, row0 + BLOCK);
    for (let column = 0; column < columns; column++) {
      for (let row = row0; row < last; row++) y[column * width + row] = x[row * columns + column];
    }
  }
  return y;
}
