/** Bytes wherever they are. */

/** Random access to bytes: a file, a Blob, a URL, or memory. */
export interface ByteSource {
  /** For messages: the path, the URL or "bytes". */
  readonly name: string;
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`. They are read into `into`, which must have that length, if it is given and the source can write
   * there; else into a new array. @throws FileError
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface UrlOptions {
  readonly signal?: AbortSignal;
  /** Bytes so far, and in all if the server says how many. */
  readonly onProgress?: (loaded: number, total: number | undefined) => void;
}

/** How a file or URL is opened. */
export interface OpenOptions extends UrlOptions {
  /** Transfers only what is read of a URL, if the server supports ranges. */
  readonly ranges?: boolean;
}

/** A SHA-256 that is fed as bytes come. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** In hexadecimal; the last call. */
  hex(): string;
}
