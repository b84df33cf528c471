/** A WASM core: one instance of a module of AssemblyScript with a memory of its own. */

import { DeviceError, OptionError, OutOfMemoryError } from "../../gpu/errors.js";
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

/** What is used instead of compiling, in all instances that share no memory. */
let given: WebAssembly.Module | undefined;

/** Whether a compiled module was given. */
export const hasWasm = (): boolean => given !== undefined;

/**
 * Takes the compiled module `maskfeat-wgpu/maskfeat.wasm`, which holds everything, for runtimes that compile no WebAssembly at run time
 * (Cloudflare Workers): what is computed from then on is computed by it, on one thread.
 * @throws OptionError OPT_VALUE if it is another module
 */
export function useWasm(module: object): void {
  if (module !== given) checkModule(module);
  given = module;
}

/** An export of the data side, and one of the kernels. */
const OWN_EXPORTS = ["hogImage", "runAlone"];

function checkModule(module: object): asserts module is WebAssembly.Module {
  // which tells modules of other realms, too
  const kind = Object.prototype.toString.call(module);
  const isModule = kind === "[object WebAssembly.Module]";
  const names = isModule ? WebAssembly.Module.exports(module).map(({ name }) => name) : [];
  if (OWN_EXPORTS.every((name) => names.includes(name))) return;
  const found = isModule ? "another module" : kind;
  throw new OptionError("OPT_VALUE", `wasm: expected the WebAssembly.Module of ${FILE}, got ${found}`);
}

/** Where bundlers find the module. */
const FILE = "maskfeat-wgpu/maskfeat.wasm";

const compileAsUsual = (bytes: Uint8Array) => new WebAssembly.Module(bytes as BufferSource);

function moduleOf(bytes: Uint8Array, compile: typeof compileAsUsual): WebAssembly.Module {
  let module = modules.get(bytes);
  if (!module) {
    try {
      module = compile(bytes);
    } catch (cause) {
      throw new DeviceError("DEVICE_ABSENT", whyUncompiled(cause), { cause });
    }
    modules.set(bytes, module);
  }
  return module;
}

function whyUncompiled(cause: unknown): string {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers" || /by embedder/.test(String(cause))
    ? `Cloudflare Workers compile no WebAssembly at run time: import wasm from "${FILE}", and call useWasm(wasm) or getModel(name, { wasm })`
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
  const isCommon = !shared && compile === compileAsUsual;
  const module = (isCommon && given) || moduleOf(bytes, compile);
  const memory = reserve(shared);
  const exports = new WebAssembly.Instance(module, imports(memory)).exports as unknown as Exports;
  return { module, memory, exports, heap: new Heap(memory, exports.heapBase()) };
}
