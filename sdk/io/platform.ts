/** What this room needs of the runtime around it. */

import type { Store } from "./store.js";
import type { ByteSource, Hasher, OpenOptions } from "./types.js";

/** Files, downloads and hashes of the runtime. */
export interface IoPlatform {
  /** Opens a file, by path or `file:` URL, for random access; in browsers what a relative URL leads to. @throws FileError; AbortError */
  openFile(path: string | URL, options?: OpenOptions): Promise<ByteSource>;
  sha256(): Hasher;
  /** Where downloads are kept. @throws FileError */
  openStore(): Promise<Store>;
  /** Why `fetch` failed, if the runtime hides it but it can be found out. */
  whyNoAnswer?(url: string, signal: AbortSignal): Promise<string | undefined>;
}
