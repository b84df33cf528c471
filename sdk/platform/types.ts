/** What the package needs of the runtime around it. Everything that differs between Node and browsers goes through a `Platform`. */

/** Decoded pixels: u8 RGB, HWC, row-major. */
export interface Image {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Random access to bytes: a file, a Blob, or memory. */
export interface ByteSource {
  /** For messages: the path, the URL or "bytes". */
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`. @throws FileError */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface Platform {
  /** For example "node 20.20.2". */
  readonly runtime: string;
  /** Threads that can run at once; 1 where memory cannot be shared. */
  readonly parallelism: number;
  /** Opens a file for random access. @throws FileError */
  openFile(path: string): Promise<ByteSource>;
  /** Decodes a JPEG, PNG or WebP file as OpenCV's `IMREAD_COLOR` does, to RGB. `name` is for messages. @throws ImageError */
  decode(bytes: Uint8Array, name: string): Promise<Image>;
  /** Starts `count` threads that serve `core`'s shared memory (see `assembly/nn/serve.ts`). */
  startThreads(start: ThreadStart): Threads;
}

/** What a serving thread needs: the module, its shared memory, the address of the control block, and its index from 1. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly count: number;
}

export interface Threads {
  /** Rejects where a thread died, with the reason. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}
