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
  /** Opens a file, by path or `file:` URL, for random access. @throws FileError */
  openFile(path: string | URL): Promise<ByteSource>;
  /** Decodes a JPEG, PNG or WebP file as OpenCV's `IMREAD_COLOR` does, to RGB. `name` is for messages. @throws ImageError */
  decode(bytes: Uint8Array, name: string): Promise<Image>;
  /** Starts threads that call the module's `serve` on its shared memory. They keep no process alive. */
  startThreads(start: ThreadStart): Threads;
  /** The entry of WebGPU. @throws DeviceError DEVICE_ABSENT with the reason where there is none. */
  gpu(): Promise<GPU>;
}

/** What serving threads need. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the control block (assembly/nn/program.ts). */
  readonly control: number;
  /** Address of the word that a dying thread sets to 1. */
  readonly dead: number;
  /** Threads in all, the caller's included: 1 to count - 1 are started. */
  readonly count: number;
}

export interface Threads {
  stop(): Promise<void>;
}
