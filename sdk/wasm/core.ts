/** A WASM core: one instance of a module of AssemblyScript with a memory of its own. */

import { DeviceError, OutOfMemoryError } from "../../gpu/errors.js";
import { Heap } from "./heap.js";

const MAX_PAGES = 65536; // 4 GiB, the most that 32-bit addresses reach
const MIN_PAGES = 4096; // 256 MiB
const PAGE = 65536;

export interface Core<Exports> {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly exports: Exports;
  readonly heap: Heap;
}

const modules = new Map<Uint8Array, WebAssembly.Module>();

const compileAsUsual = (bytes: Uint8Array) => new WebAssembly.Module(bytes as BufferSource);

function moduleOf(bytes: Uint8Array, compile: typeof compileAsUsual): WebAssembly.Module {
  let module = modules.get(bytes);
  if (!module) {
    try {
      module = compile(bytes);
    } catch (cause) {
      throw new DeviceError("DEVICE_ABSENT", whyUncompiled(), { cause });
    }
    modules.set(bytes, module);
  }
  return module;
}

function whyUncompiled(): string {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers"
    ? "workerd (Cloudflare Workers) compiles no WebAssembly at run time: use Node or a browser"
    : "WebAssembly with 128-bit SIMD is needed (any browser since 2023, Node >= 16), and must not be barred by policy";
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

/** Instantiates a module of assembly/ with a new memory, `shared` if the build is for several threads. */
export function createCore<Exports extends { heapBase(): number }>(
  bytes: Uint8Array,
  shared = false,
  compile = compileAsUsual,
): Core<Exports> {
  const module = moduleOf(bytes, compile);
  const memory = reserve(shared);
  const exports = new WebAssembly.Instance(module, imports(memory)).exports as unknown as Exports;
  return { module, memory, exports, heap: new Heap(memory, exports.heapBase()) };
}
