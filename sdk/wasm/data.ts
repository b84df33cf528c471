/** The data core: the WASM that all plain functions (resize, HOG, masks, half precision) share, and memory for the length of a call. */

import data from "../../build/data.wasm";
import { type Core, createCore } from "./core.js";

/** What `assembly/data.ts` exports; the types are the compiler's own. */
export type DataExports = Awaited<ReturnType<typeof import("../../build/data.js").instantiate>>;

/** A data core that grew beyond this many bytes is dropped after the call, so that one huge image does not hold memory for ever. */
const KEEP_BYTES = 64 * 2 ** 20;

/** The module, as it is compiled. */
export const dataBytes: Uint8Array = data;

let dataCore: Core<DataExports> | undefined;

/** Memory that lasts for one call of a data function. */
export interface Scratch {
  readonly exports: DataExports;
  /** Its `buffer` is another one after each `alloc` and `put`. */
  readonly memory: WebAssembly.Memory;
  /** Address of `bytes` undefined bytes. */
  alloc(bytes: number): number;
  /** Address of a copy of `data`. */
  put(data: ArrayBufferView): number;
  /** Copies `data` to `address`. */
  write(address: number, data: ArrayBufferView): void;
  /** A copy of `bytes` bytes at `address`. */
  u8(address: number, bytes: number): Uint8Array<ArrayBuffer>;
  /** A copy of `count` floats at `address`. */
  f32(address: number, count: number): Float32Array<ArrayBuffer>;
}

/** Runs `work` on the data core and frees what it allocated. */
export function withScratch<T>(work: (scratch: Scratch) => T): T {
  dataCore ??= createCore<DataExports>(data);
  const { memory, heap, exports } = dataCore;
  const blocks: number[] = [];
  const alloc = (bytes: number) => {
    const address = heap.alloc(bytes);
    blocks.push(address);
    return address;
  };
  const write = (address: number, { buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(memory.buffer, address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  const u8 = (address: number, bytes: number) =>
    new Uint8Array(memory.buffer, address, bytes).slice() as Uint8Array<ArrayBuffer>;
  try {
    return work({
      exports,
      memory,
      alloc,
      put(data) {
        const address = alloc(data.byteLength);
        write(address, data);
        return address;
      },
      write,
      u8,
      f32: (address, count) => new Float32Array(u8(address, 4 * count).buffer),
    });
  } finally {
    for (const address of blocks) heap.release(address);
    if (memory.buffer.byteLength > KEEP_BYTES) dataCore = undefined;
  }
}
