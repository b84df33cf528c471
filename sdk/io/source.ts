/** Random access to bytes in memory and in a Blob. */

import { FileError, shownName } from "../../gpu/errors.js";
import type { ByteSource } from "./types.js";

/** Bytes `begin` to `end - 1` in a buffer of their own. (`slice` would not do: that of Node's Buffer is a view of a shared one.) */
export function copyBytes(bytes: Uint8Array, begin = 0, end = bytes.length): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(begin, end));
}

/** Reads from memory; what it gives out are copies. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  return source(name, bytes.byteLength, async (begin, end, into) => {
    into?.set(bytes.subarray(begin, end));
    return into ?? copyBytes(bytes, begin, end);
  });
}

/** Reads from a Blob or File, slice by slice. */
export function blobSource(blob: Blob, name = blob instanceof File ? blob.name : "blob"): ByteSource {
  return source(name, blob.size, async (begin, end) => {
    try {
      return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
    } catch (cause) {
      throw new FileError("FILE_READ", `${name}: cannot be read any more: ${message(cause)}`, { cause });
    }
  });
}

type Slice = (begin: number, end: number, into?: Uint8Array) => Promise<Uint8Array>;

/** A source whose `slice` is asked for nothing beyond `size`. */
export function source(name: string, size: number, slice: Slice, close = async () => {}): ByteSource {
  name = shownName(name);
  return {
    name,
    size,
    async read(offset, length, into) {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
        throw new FileError("FILE_READ", `${name}: bytes ${offset} to ${offset + length} wanted of ${size}`);
      }
      return slice(offset, offset + length, into);
    },
    close,
  };
}

/** `fetch` says only "fetch failed"; the reason is in its cause. */
export function message(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
