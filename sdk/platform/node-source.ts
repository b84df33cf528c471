/** Files in Node, read at offsets; and what failed system calls mean for the caller. */

import { type FileHandle, open, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FileError, shownName } from "../../gpu/errors.js";
import { source } from "../io/source.js";
import type { ByteSource } from "../io/types.js";

/** Linux reads at most 0x7ffff000 bytes at once. */
const MAX_READ = 2 ** 30;

const KINDS = "neither a path nor a http, https, file, data or blob URL";

/** What a failed system call means for the caller. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: "no such file or folder",
    ENOTDIR: "not a folder",
    EACCES: "permission denied",
    EPERM: "not permitted",
    EISDIR: "it is a folder",
    ENOSPC: "no space left on the device",
    EDQUOT: "the disk quota is used up",
    EROFS: "the file system is read-only",
    ENAMETOOLONG: "the name is too long",
    EMFILE: "too many open files",
    ELOOP: "symbolic links in a circle",
  };
  return code && Object.hasOwn(reasons, code) ? `${reasons[code]} (${code})` : message;
}

/** What Deno does not permit, in its words, which name the flag that does; undefined if an error has another reason. */
export function unpermitted(error: unknown): string | undefined {
  return /Requires \w+ access[^\n]*--allow-\w+ flag/.exec(String(error))?.[0];
}

/** The FileError for a path that cannot be read: FILE_NOT_FOUND if nothing is there, else FILE_READ. */
export function readError(path: string, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  const missing = code === "ENOENT" || code === "ENOTDIR";
  const name = shownName(path);
  const what = `${name}: ${systemReason(cause)}`;
  // the system's message has the whole path once more
  const more = name === path ? { cause: inOneLine(cause) } : {};
  return new FileError(missing ? "FILE_NOT_FOUND" : "FILE_READ", what, more);
}

/** A system error that Node prints in one line below an uncaught error: its frames and fields repeat what that says. */
function inOneLine(error: unknown): unknown {
  if (!(error instanceof Error && "syscall" in error)) return error;
  for (const field of Object.keys(error)) Object.defineProperty(error, field, { enumerable: false });
  error.stack = String(error);
  return error;
}

/** Whether a folder is at this path. */
export async function isFolderAt(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** Opens a file for random access, by path or `file:` URL. @throws FileError */
export async function openFile(from: string | URL): Promise<ByteSource> {
  let path = String(from);
  try {
    if (/^file:/i.test(path)) path = fileURLToPath(path);
    else if (/^[a-z][a-z\d+.-]+:\/\//i.test(path)) throw new FileError("FILE_READ", `${path}: ${KINDS}`);
    // Looked at before it is opened: opening a named pipe would wait for a writer.
    const found = await stat(path);
    if (found.isDirectory()) throw new FileError("FILE_READ", `${path}: expected a file, found a folder`);
    if (!found.isFile())
      throw new FileError("FILE_READ", `${path}: expected a regular file, found a device, pipe or socket`);
    const handle = await open(path, "r");
    return source(
      path,
      found.size,
      (...part) => readPart(path, handle, ...part),
      () => handle.close(),
    );
  } catch (cause) {
    throw readError(path, cause);
  }
}

async function readPart(path: string, handle: FileHandle, begin: number, end: number, into?: Uint8Array) {
  const bytes = into ?? new Uint8Array(end - begin);
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, MAX_READ);
    const { bytesRead } = await handle.read(bytes, done, length, begin + done).catch((cause) => {
      throw readError(path, cause);
    });
    if (bytesRead === 0) throw new FileError("FILE_READ", `${path}: the file became shorter while it was read`);
    done += bytesRead;
  }
  return bytes;
}
