/** Bytes wherever they are, where downloads of them are kept, and what this room needs of the runtime around it. */

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

/** What tells a version of a file from others, as far as the server says it. */
export interface Version {
  /** Bytes of the whole file. */
  readonly size?: number;
  /** A strong ETag. A weak one is the same for files that differ. */
  readonly etag?: string;
  /** Last-Modified. */
  readonly modified?: string;
}

/** What is recorded of a download beside its bytes. Holds no query, which may be a secret. */
export interface Kept extends Version {
  readonly url: string;
  /** SHA-256 of the whole file, in hexadecimal; absent until it is whole. */
  readonly sha256?: string;
}

/** A file of a store. */
export interface Found {
  readonly source: ByteSource;
  /** In the file system. */
  readonly path?: string;
  /** Undefined if nothing legible is recorded. */
  readonly kept?: Kept;
}

/** A file while it is downloaded, with one writer. All methods throw FileErrors: what the disk or the browser refused. */
export interface Unfinished {
  /** What was there, and its record, when the download began. */
  readonly size: number;
  readonly kept?: Kept;
  /** Drops the bytes, and records what will come. */
  restart(kept: Kept): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** The bytes that are there. They can be read after `finish`, too. */
  source(): Promise<ByteSource>;
  /** Makes what `source` gave the whole file of its name, in one step. Returns its path, if it has one. */
  finish(kept: Kept): Promise<string | undefined>;
  /** Leaves it to the next download. After `finish` it does nothing. */
  close(): Promise<void>;
}

/** Names of files have only letters, digits, `.`, `_` and `-`. Several processes may use one place, and download the same file at once. */
export interface Store {
  /** For messages. */
  readonly place: string;
  /** Whether requests may carry If-Range, which browsers send to other origins only after asking. */
  readonly conditional: boolean;
  /** A whole file, not verified. @throws FileError if it is there and cannot be opened */
  find(name: string): Promise<Found | undefined>;
  /** A download, which goes on from what another one left. @throws FileError */
  begin(name: string): Promise<Unfinished>;
}

/** A repository of the Hugging Face hub. */
export interface HubFiles {
  /** URL of its files, with a slash at the end. */
  readonly url: string;
  /** Path of a file that the hub's own client keeps on this machine. */
  find(name: string): Promise<string | undefined>;
}

/** Files, downloads and hashes of the runtime. */
export interface IoPlatform {
  /** Opens a file, by path or `file:` URL, for random access; in browsers what a relative URL leads to. @throws FileError; AbortError */
  openFile(path: string | URL, options?: OpenOptions): Promise<ByteSource>;
  /** Whether a folder is at this path; absent if the runtime cannot look. */
  isFolder?(path: string): Promise<boolean>;
  /** The hub's `owner/name`, if the runtime has settings of its own for it. */
  hub?(id: string): Promise<HubFiles>;
  /** The header Authorization for requests to this URL. */
  authorization?(url: string): string | undefined;
  sha256(): Hasher;
  /** Where downloads are kept. @throws FileError */
  openStore(): Promise<Store>;
  /** Why `fetch` failed, if the runtime hides it but it can be found out. */
  whyNoAnswer?(url: string, signal: AbortSignal): Promise<string | undefined>;
}
