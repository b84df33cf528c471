/** Random access to bytes in memory, in a Blob, and behind a URL. */

import { FileError } from "../../gpu/errors.js";
import { describeMagic } from "./magic.js";
import type { ByteSource, UrlOptions } from "./types.js";

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

/**
 * Fetches a http or https URL whole (as a Blob, which a browser may keep on disk).
 * @throws FileError FILE_NOT_FOUND (404, 410), FILE_READ (other URLs, no answer, other states, a web page, a body that ends early);
 * DOMException AbortError.
 */
export async function urlSource(url: string | URL, { signal, onProgress }: UrlOptions = {}): Promise<ByteSource> {
  const { href, name } = checkedUrl(url);
  try {
    const response = await fetch(href, { signal });
    checkResponse(response, name);
    const blob = await readBody(response, name, onProgress);
    const start = describeMagic(new Uint8Array(await blob.slice(0, 512).arrayBuffer()));
    if (/HTML/.test(start)) throw readFailed(name, "the server answered with a web page instead of the file");
    return blobSource(blob, name);
  } catch (cause) {
    if (signal?.aborted) throw new DOMException(`${name}: aborted`, "AbortError");
    if (cause instanceof FileError) throw cause;
    throw readFailed(name, `cannot be fetched: ${message(cause)}`, cause);
  }
}

/** What fetch takes, and the URL as messages show it: without password and query, which may hold secrets. */
export function checkedUrl(url: string | URL): { href: string; name: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:" && parsed?.protocol !== "http:") {
    throw readFailed(parsed ? `${parsed.protocol}...` : String(url), "not a http or https URL");
  }
  const name = parsed.origin + parsed.pathname;
  if (parsed.username || parsed.password)
    throw readFailed(name, "the URL holds a user name or password, which fetch refuses");
  return { href: parsed.href, name };
}

function checkResponse(response: Response, name: string): void {
  if (name.startsWith("https:") && response.url.startsWith("http:")) {
    throw readFailed(name, "redirected from https to http, which is not followed");
  }
  if (response.ok) return;
  const gone = response.status === 404 || response.status === 410;
  const what = `the server answered ${response.status} ${response.statusText}`.trimEnd();
  throw new FileError(gone ? "FILE_NOT_FOUND" : "FILE_READ", `${name}: ${what}`);
}

/** Of another origin browsers hide whether the body came compressed; they notice themselves where one ends early. @throws FileError */
export async function readBody(response: Response, name: string, onProgress: UrlOptions["onProgress"]): Promise<Blob> {
  const total = declaredLength(response);
  const reader = (response.body ?? new Blob().stream()).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    loaded += part.value.length;
    onProgress?.(loaded, total);
  }
  if (total !== undefined && loaded !== total && response.type !== "cors") {
    throw readFailed(name, `the connection ended after ${loaded} of ${total} bytes; try again`);
  }
  return new Blob(chunks);
}

/** Of a compressed body the header gives the compressed length, which is not what arrives here. */
function declaredLength({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length && !headers.get("content-encoding") ? Number(length) : undefined;
}

function readFailed(name: string, what: string, cause?: unknown): FileError {
  return new FileError("FILE_READ", `${name}: ${what}`, { cause });
}

/** `fetch` says only "fetch failed"; the reason is in its cause. */
export function message(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
