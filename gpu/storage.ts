/** How values lie on the GPU: as f32 or f16, and the weights of matmuls transposed. */

/** GPUBufferUsage; in Node there is no global of that name. */
export const USAGE = {
  MAP_READ: 1,
  COPY_SRC: 4,
  COPY_DST: 8,
  STORAGE: 128,
  QUERY_RESOLVE: 512,
  STORED: 128 | 4 | 8,
} as const;

/** GPUMapMode.READ. */
export const MAP_READ = 1;

/** The shape of a weight. */
export interface Packed {
  readonly n: number;
  readonly k: number;
}

/** Numbers on the GPU. */
export interface GpuNumbers {
  readonly buffer: GPUBuffer;
  readonly label: string;
  /** A matmul's weight [n,k] lies transposed, [k, n rounded up to 4]. */
  readonly packed?: Packed;
  /** Stored as f32 whatever the device's storage. */
  readonly wide?: boolean;
}

/** Conversion between f32 and the bits of f16, to the nearest even. */
export interface Halves {
  /** In `out`, where that is given. */
  to(numbers: Float32Array, out?: Uint16Array): Uint16Array;
  from(bits: Uint16Array): Float32Array;
}

/** `n` rounded up to a multiple of `to`. */
export const align = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Part of a buffer. */
export interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Numbers that are brought into the GPU's layout at once. */
const PIECE = 2 ** 17;

/** Between the host's f32 and what the GPU stores. */
export class Storage {
  /** Memory for one piece after another. */
  private rows = new Float32Array(0);
  private bits = new Uint16Array(0);

  /** @param halves given if values are stored as f16 */
  constructor(readonly halves?: Halves) {}

  /** Bytes of one element. */
  get numberBytes(): 2 | 4 {
    return this.halves ? 2 : 4;
  }

  /** Bytes of `count` numbers, filled up to a multiple of 4, as bindings and copies must be. */
  bytes(count: number, wide?: boolean): number {
    return align(count * (wide ? 4 : this.numberBytes), 4);
  }

  /** Values as the GPU stores them, f16 in `out`. A copy if the memory is shared, because the queue refuses shared memory. */
  encode(data: Float32Array, wide?: boolean, out?: Uint16Array): Uint8Array<ArrayBuffer> {
    const stored = wide || !this.halves ? data : this.halves.to(data, out);
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    if (bytes.length % 4 === 0 && bytes.buffer instanceof ArrayBuffer) return bytes as Uint8Array<ArrayBuffer>;
    const copy = new Uint8Array(align(bytes.length, 4));
    copy.set(bytes);
    return copy;
  }

  /** A parameter as the GPU stores it, in pieces that take one another's place, so that the host holds no second copy of it. */
  *pieces(data: Float32Array, packed?: Packed): Generator<Piece> {
    for (const [at, numbers] of packed ? this.packedPieces(data, packed) : this.plainPieces(data)) {
      if (this.halves && this.bits.length < numbers.length) this.bits = new Uint16Array(numbers.length);
      yield { at: at * this.numberBytes, bytes: this.encode(numbers, false, this.bits.subarray(0, numbers.length)) };
    }
  }

  private *plainPieces(data: Float32Array): Generator<[at: number, numbers: Float32Array]> {
    const most = this.halves ? PIECE : data.length;
    for (let at = 0; at < data.length; at += most) yield [at, data.subarray(at, at + most)];
  }

  /** A weight [n,k] as kernels read it: [k, n rounded up to 4], zeros behind n. */
  private *packedPieces(weight: Float32Array, { n, k }: Packed): Generator<[at: number, numbers: Float32Array]> {
    const width = align(n, 4);
    const most = Math.min(k, Math.max(1, Math.floor(PIECE / width)));
    if (this.rows.length < most * width) this.rows = new Float32Array(most * width);
    for (let row = 0; row < k; row += most) {
      const rows = this.rows.subarray(0, Math.min(most, k - row) * width);
      transpose(weight.subarray(row), n, k, rows, width);
      yield [row * width, rows];
    }
  }

  /** A copy of `count` numbers from byte `at` of mapped memory. */
  decode(mapped: ArrayBuffer, at: number, count: number, wide?: boolean): Float32Array {
    if (wide || !this.halves) return new Float32Array(mapped, at, count).slice();
    return this.halves.from(new Uint16Array(mapped, at, count));
  }
}

/** The weight [n,k] whose packed form, [k, n rounded up to 4], is given. */
export function unpackWeight(packed: Float32Array, { n, k }: Packed): Float32Array {
  const weight = new Float32Array(n * k);
  transpose(packed, k, align(n, 4), weight, k);
  return weight;
}

/**
 * The first columns of x [rows, columns], as many as fill y, become its rows, `width` long; what is behind x's rows in them becomes zero. In
 * blocks that stay in cache.
 */
function transpose(x: Float32Array, rows: number, columns: number, y: Float32Array, width: number): void {
  const count = y.length / width;
  const BLOCK = 32;
  if (rows < width) y.fill(0);
  for (let row0 = 0; row0 < rows; row0 += BLOCK) {
    const last = Math.min(rows, row0 + BLOCK);
    for (let column = 0; column < count; column++) {
      for (let row = row0; row < last; row++) y[column * width + row] = x[row * columns + column];
    }
  }
}
