/** Files in Node, read at offsets; and what failed system calls mean for the caller. */

import { type FileHandle, open, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FileError } from "../../gpu/errors.js";
import type { ByteSource } from "../io/types.js";

/** Linux reads at most 0x7ffff000 bytes at once. */
const MAX_READ = 2 ** 30;

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

/** The FileError for a path that cannot be read: FILE_NOT_FOUND where nothing is there, else FILE_READ. */
export function readError(path: string, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  const missing = code === "ENOENT" || code === "ENOTDIR";
  return new FileError(missing ? "FILE_NOT_FOUND" : "FILE_READ", `${path}: ${systemReason(cause)}`, { cause });
}

/** Opens a file for random access. @throws FileError */
export async function openFile(from: string | URL): Promise<ByteSource> {
  const path = from instanceof URL && from.protocol === "file:" ? fileURLToPath(from) : String(from);
  try {
    // Looked at before it is opened: opening a named pipe would wait for a writer.
    const found = await stat(path);
    if (found.isDirectory()) throw new FileError("FILE_READ", `${path}: expected a file, found a folder`);
    if (!found.isFile())
      throw new FileError("FILE_READ", `${path}: expected a regular file, found a device, pipe or socket`);
    return new File(path, found.size, await open(path, "r"));
  } catch (cause) {
    throw readError(path, cause);
  }
}

class File implements ByteSource {
  constructor(
    readonly name: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  async read(offset: number, length: number, into = new Uint8Array(length)): Promise<Uint8Array> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new FileError("FILE_READ", `${this.name}: bytes ${offset} to ${offset + length} wanted of ${this.size}`);
    }
    for (let done = 0; done < length; ) {
      const got = await this.readSome(into, done, offset + done);
      if (got === 0) throw new FileError("FILE_READ", `${this.name}: the file became shorter while it was read`);
      done += got;
    }
    return into;
  }

  private async readSome(into: Uint8Array, at: number, position: number): Promise<number> {
    try {
      return (await this.handle.read(into, at, Math.min(into.length - at, MAX_READ), position)).bytesRead;
    } catch (cause) {
      throw readError(this.name, cause);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
