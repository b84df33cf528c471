/** What the package needs of the runtime around it. Everything that differs between Node and browsers goes through a `Platform`. */

import type { OpenOptions } from "../checkpoint/source.js";
import type { Store } from "../download/store.js";
import type { KernelBuild } from "../wasm/kernels.js";

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
  /**
   * Exactly `length` bytes from `offset`: `into`, which must have that length, where it is given and the source can write there, else a
   * new array. @throws FileError
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A SHA-256 that is fed as bytes come. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** In hexadecimal; the last call. */
  hex(): string;
}

/**
 * A picture that a browser can draw: ImageBitmap, VideoFrame, canvas, OffscreenCanvas or image element, told apart by what they have, so
 * that the types need no DOM.
 */
export type Drawable =
  | { readonly width: number; readonly height: number; close(): void }
  | { readonly displayWidth: number; readonly displayHeight: number; close(): void }
  | { readonly width: number; readonly height: number; getContext(kind: "2d"): unknown }
  | { readonly naturalWidth: number; readonly naturalHeight: number; decode(): Promise<void> };

export interface Platform {
  /** For example "node 20.20.2". */
  readonly runtime: string;
  /** Threads that can run at once; 1 where memory cannot be shared. */
  readonly parallelism: number;
  /** Why threads cannot be had, where that depends on how the package is run. */
  readonly oneThread?: string;
  /** Opens a file, by path or `file:` URL, for random access; in browsers what a relative URL leads to. @throws FileError; AbortError */
  openFile(path: string | URL, options?: OpenOptions): Promise<ByteSource>;
  sha256(): Hasher;
  /** Where downloads are kept. @throws FileError */
  openStore(): Promise<Store>;
  /** Why `fetch` failed, where the runtime does not tell but it can be found out. */
  whyNoAnswer?(url: string, signal: AbortSignal): Promise<string | undefined>;
  /** Decodes a JPEG, PNG or WebP file as OpenCV's `IMREAD_COLOR` does, to RGB. `name` is for messages. @throws ImageError */
  decode(bytes: Uint8Array, name: string): Promise<Image>;
  /** RGB of a picture that the runtime can draw, alpha dropped; absent where it draws none. @throws ImageError */
  pixelsOf?(picture: Drawable): Promise<Image>;
  /** The names of ImageNet's classes; absent where code is not loaded on demand. */
  imagenetClasses?(): Promise<readonly string[]>;
  /** Starts threads that call the module's `serve` on its shared memory. They keep no process alive. */
  startThreads(start: ThreadStart): Threads;
  /** Kernels for 256-bit vectors; absent where the engine has no switch for them. */
  readonly turbo?: Turbo;
  /**
   * The entry of WebGPU; with its experimental features where those are asked for, and this runtime lets programs turn them on.
   * @throws DeviceError DEVICE_ABSENT with the reason where there is none
   */
  gpu(experimental?: boolean): Promise<GPU>;
}

export interface Turbo {
  /** Why this process cannot have it. */
  readonly lacking?: string;
  readonly build: KernelBuild;
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
  /** Resolves when all threads serve, where they need the caller's event loop to start. @throws DeviceError where one does not start */
  readonly ready?: Promise<unknown>;
  stop(): Promise<void>;
}
