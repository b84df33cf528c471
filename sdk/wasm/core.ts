/** The WASM core: one instance of the AssemblyScript module with a memory of its own, and typed access to it. */

import simd from "../../build/simd.wasm";
import threads from "../../build/threads.wasm";
import { DeviceError, OutOfMemoryError } from "../../gpu/errors.js";
import { Heap } from "./heap.js";

/** What `assembly/index.ts` exports; the types are the compiler's own. */
export type CoreExports = Awaited<ReturnType<typeof import("../../build/simd.js").instantiate>>;

const MAX_PAGES = 65536; // 4 GiB, the most that 32-bit addresses reach
const MIN_PAGES = 4096; // 256 MiB
const PAGE = 65536;

/** The module that runs on one thread. */
export const wasmBytes: Uint8Array = simd;

export interface Core {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly exports: CoreExports;
  readonly heap: Heap;
}

const modules = new Map<Uint8Array, WebAssembly.Module>();

function compile(bytes: Uint8Array): WebAssembly.Module {
  let module = modules.get(bytes);
  if (!module) {
    try {
      module = new WebAssembly.Module(bytes as BufferSource);
    } catch (cause) {
      const why =
        "WebAssembly with 128-bit SIMD is needed (any browser since 2023, Node >= 16), and must not be barred by policy";
      throw new DeviceError("DEVICE_ABSENT", why, { cause });
    }
    modules.set(bytes, module);
  }
  return module;
}

/** What an instance imports: its memory, and where `abort` of AssemblyScript goes. */
function imports(memory: WebAssembly.Memory) {
  return {
    env: {
      memory,
      abort: (_message: number, _file: number, line: number, column: number) => {
        throw new DeviceError("DEVICE_FAILED", `WASM kernel aborted at ${line}:${column}`);
      },
    },
  };
}

/** A memory that may grow as far as the engine allows: for shared memory phones reserve the maximum at once, and refuse 4 GiB. */
function reserve(shared: boolean): WebAssembly.Memory {
  for (let maximum = MAX_PAGES; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared });
    } catch (cause) {
      if (maximum > MIN_PAGES) continue;
      const what = `the engine reserves no ${shared ? "shared " : ""}memory of ${maximum * PAGE} bytes for WASM`;
      throw new OutOfMemoryError(what, maximum * PAGE, "dispose models that are not needed", { cause });
    }
  }
}

/** Instantiates the core with a fresh memory; `shared` chooses the build whose memory several threads can use. */
export function createCore(shared = false): Core {
  const module = compile(shared ? threads : simd);
  const memory = reserve(shared);
  const exports = new WebAssembly.Instance(module, imports(memory)).exports as unknown as CoreExports;
  return { module, memory, exports, heap: new Heap(memory, exports.heapBase()) };
}

/** A data core that grew beyond this many bytes is dropped after the call, so that one huge image does not hold memory for ever. */
const KEEP_BYTES = 64 * 2 ** 20;

let dataCore: Core | undefined;

/** Memory that lasts for one call of a data function. */
export interface Scratch {
  readonly exports: CoreExports;
  /** Its `buffer` is another one after each `alloc` and `put`. */
  readonly memory: WebAssembly.Memory;
  /** Address of `bytes` undefined bytes. */
  alloc(bytes: number): number;
  /** Address of a copy of `data`. */
  put(data: ArrayBufferView): number;
  /** A copy of `bytes` bytes at `address`. */
  u8(address: number, bytes: number): Uint8Array<ArrayBuffer>;
  /** A copy of `count` floats at `address`. */
  f32(address: number, count: number): Float32Array<ArrayBuffer>;
}

/** Runs `work` on the data core, which all plain functions (resize, hog, masks, half precision) share, and frees what it allocated. */
export function withScratch<T>(work: (scratch: Scratch) => T): T {
  dataCore ??= createCore();
  const { memory, heap, exports } = dataCore;
  const blocks: number[] = [];
  const alloc = (bytes: number) => {
    const address = heap.alloc(bytes);
    blocks.push(address);
    return address;
  };
  const u8 = (address: number, bytes: number) =>
    new Uint8Array(memory.buffer, address, bytes).slice() as Uint8Array<ArrayBuffer>;
  try {
    return work({
      exports,
      memory,
      alloc,
      put(data) {
        const address = alloc(data.byteLength);
        new Uint8Array(memory.buffer, address, data.byteLength).set(
          new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        );
        return address;
      },
      u8,
      f32: (address, count) => new Float32Array(u8(address, 4 * count).buffer),
    });
  } finally {
    for (const address of blocks) heap.release(address);
    if (memory.buffer.byteLength > KEEP_BYTES) dataCore = undefined;
  }
}
