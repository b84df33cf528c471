/** Memory management of a WASM memory from the host: first fit over a sorted free list, growing the memory at its end. */

import { OutOfMemoryError } from "../../gpu/errors.js";

const PAGE = 65536;
const ALIGN = 64; // one cache line: SIMD alignment, and no two threads share a line of different blocks

interface Block {
  start: number;
  end: number;
}

/** Hands out blocks of `memory` from byte `base` on. Addresses are byte offsets below 4 GiB. */
export class Heap {
  /** Bytes handed out and not yet freed. */
  used = 0;
  /** The largest value of `used` so far. */
  peak = 0;

  private readonly free: Block[] = [];
  private readonly sizes = new Map<number, number>();
  private end: number;

  constructor(
    private readonly memory: WebAssembly.Memory,
    base: number,
  ) {
    this.end = Math.ceil(base / ALIGN) * ALIGN;
  }

  /**
   * Returns the address of `bytes` free bytes, aligned to 64; their content is undefined.
   * @throws OutOfMemoryError if the engine refuses to grow the memory.
   */
  alloc(bytes: number): number {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    const start = this.takeFree(size) ?? this.takeEnd(size);
    this.sizes.set(start, size);
    this.used += size;
    this.peak = Math.max(this.peak, this.used);
    return start;
  }

  release(start: number): void {
    const size = this.sizes.get(start);
    if (size === undefined) throw new Error(`heap: ${start} is not an allocated block`);
    this.sizes.delete(start);
    this.used -= size;
    this.putFree({ start, end: start + size });
  }

  private takeFree(size: number): number | undefined {
    const i = this.free.findIndex((block) => block.end - block.start >= size);
    if (i < 0) return undefined;
    const block = this.free[i];
    const start = block.start;
    block.start += size;
    if (block.start === block.end) this.free.splice(i, 1);
    return start;
  }

  private takeEnd(size: number): number {
    const start = this.end;
    const missing = start + size - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE));
      } catch (cause) {
        const hint = "use a smaller batch, a smaller image or a smaller model";
        throw new OutOfMemoryError(`WASM memory of ${start} bytes cannot grow by ${size}`, size, hint, { cause });
      }
    }
    this.end = start + size;
    return start;
  }

  private putFree(block: Block): void {
    let i = this.free.findIndex((other) => other.start > block.start);
    if (i < 0) i = this.free.length;
    this.free.splice(i, 0, block);
    this.merge(i);
    if (i > 0) this.merge(i - 1);
    const last = this.free.at(-1);
    if (last && last.end === this.end) {
      this.end = last.start;
      this.free.pop();
    }
  }

  /** Joins block `i` with its successor where they touch. */
  private merge(i: number): void {
    const [a, b] = [this.free[i], this.free[i + 1]];
    if (b && a.end === b.start) {
      a.end = b.end;
      this.free.splice(i + 1, 1);
    }
  }
}
