/**
 * `<path>.partial`: what a command has computed of its inputs so far, from which the same command goes on after an interruption. The first
 * line says which command that is. Each input follows in its turn: a line of JSON, `[facts, floats, hash]`, and the floats themselves.
 */

import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, open, rm, stat, truncate } from "node:fs/promises";
import { FileError } from "../entries/node.js";
import { writeAtomic } from "../platform/node-files.js";
import { systemReason } from "../platform/node-source.js";

export type Facts = Readonly<Record<string, unknown>>;

/** What is kept of one input: its name, how many rows it has in an array, what else there is to say, and its numbers. */
export interface Entry<F extends Facts = Facts> {
  readonly input: string;
  readonly rows: number;
  /** Says why the input has no result. */
  readonly skipped?: { readonly code: string; readonly message: string };
  readonly facts: F;
  readonly data: Float32Array;
}

/** Tells our files from others, and this layout from later ones. */
const MARK = { partial: 1 };

/** The beginning of SHA-256 of an entry: a break of the machine may leave a file of the right length with other bytes. */
const hashOf = (entry: object, bytes: Uint8Array) =>
  createHash("sha256").update(JSON.stringify(entry)).update(bytes).digest("hex").slice(0, 16);

const bytesOf = (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export class PartialFile {
  /** How many inputs the file holds. */
  count = 0;
  /** Offset behind the last whole entry. */
  private end = 0;
  private file?: FileHandle;

  private constructor(
    private readonly target: string,
    private readonly header: string,
  ) {}

  /**
   * The partial file of `target`, cut behind its last whole entry; it is made when the first entry is appended. `command` says what the
   * entries depend on, which are those of `inputs` from the first on.
   * @throws FileError FILE_READ if there is one of another command
   */
  static async open<F extends Facts>(target: string, command: F, inputs: readonly string[]): Promise<PartialFile> {
    const partial = new PartialFile(target, `${JSON.stringify({ ...MARK, ...command })}\n`);
    const { path } = partial;
    if (!existsSync(path)) return partial;
    try {
      if (await partial.checkHeader(command)) {
        partial.end = Buffer.byteLength(partial.header);
        for await (const { entry, end } of partial.walk()) {
          if (entry.input !== inputs[partial.count]) throw new Error(`entry ${partial.count + 1} is of another input`);
          partial.count++;
          partial.end = end;
        }
      }
      await truncate(path, partial.end);
      return partial;
    } catch (cause) {
      const hint = "only the command that wrote it goes on from it; remove it to start over";
      throw new FileError("FILE_READ", `${path}: ${systemReason(cause)}; ${hint}`, { cause });
    }
  }

  get path(): string {
    return `${this.target}.partial`;
  }

  /** All entries in the order of the inputs. */
  async *entries<F extends Facts>(): AsyncGenerator<Entry<F>> {
    if (this.end === 0) return;
    for await (const { entry } of this.walk()) yield entry as Entry<F>;
  }

  /** Appends entries. @throws FileError FILE_WRITE */
  async append(entries: readonly Entry[]): Promise<void> {
    const parts: Uint8Array[] = this.end === 0 ? [Buffer.from(this.header)] : [];
    for (const { data, ...entry } of entries) {
      const bytes = bytesOf(data);
      parts.push(Buffer.from(`${JSON.stringify([entry, data.length, hashOf(entry, bytes)])}\n`), bytes);
    }
    try {
      this.file ??= await open(this.path, "a");
      await this.checkAlone(this.file);
      await this.file.writeFile(Buffer.concat(parts));
    } catch (cause) {
      throw new FileError("FILE_WRITE", `${this.path}: cannot be written: ${systemReason(cause)}`, { cause });
    }
    this.end += parts.reduce((sum, { length }) => sum + length, 0);
    this.count += entries.length;
  }

  /** @throws Error if another process has written to the file, or removed it, since this one has */
  private async checkAlone(file: FileHandle): Promise<void> {
    const [own, there] = [await file.stat(), await stat(this.path).catch(() => undefined)];
    if (there?.ino === own.ino && own.size === this.end) return;
    throw new Error("another process writes it, too; end one of them, remove the file, and start over");
  }

  /** Writes the complete file, and removes this one. @throws FileError */
  async finish(parts: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Promise<void> {
    if (this.file) {
      await this.checkAlone(this.file).catch((cause) => {
        throw new FileError("FILE_WRITE", `${this.path}: ${systemReason(cause)}`, { cause });
      });
    }
    await writeAtomic(this.target, parts);
    await this.remove();
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true });
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }

  /** Whether the first line is whole. @throws Error saying how it differs from this command's */
  private async checkHeader(command: Facts): Promise<boolean> {
    const start = await firstLine(this.path);
    if (!start.endsWith("\n") && this.header.startsWith(start)) return false;
    const found = parsed(start) as Facts | undefined;
    if (found?.partial !== MARK.partial) throw new Error("is not a partial file of this version");
    for (const key of Object.keys({ ...found, ...command, ...MARK })) {
      const [before, now] = [found[key], { ...command, ...MARK }[key]].map((value) => JSON.stringify(value));
      if (before !== now) throw new Error(`was begun with ${key} ${before}, this command has ${now}`);
    }
    return true;
  }

  /** The whole entries, and the offset behind each: up to the end, or to what a break has left of one. */
  private async *walk(): AsyncGenerator<{ entry: Entry; end: number }> {
    const file = await open(this.path, "r");
    try {
      const reader = new Reader(file);
      for (let at = Buffer.byteLength(this.header); ; ) {
        const line = await reader.line(at);
        const found = line === undefined ? undefined : (parsed(line) as [Omit<Entry, "data">, number, string]);
        if (line === undefined || !Array.isArray(found)) return;
        const [entry, floats, hash] = found;
        const from = at + Buffer.byteLength(line);
        const bytes = await reader.bytes(from, 4 * floats);
        if (bytes.length < 4 * floats || hashOf(entry, bytes) !== hash) return;
        const data = new Float32Array(floats);
        bytesOf(data).set(bytes);
        at = from + bytes.length;
        yield { entry: { ...entry, data }, end: at };
      }
    } finally {
      await file.close();
    }
  }
}

/** Characters that the first line never has. */
const LONGEST = 2 ** 20;

/** The first line with its end, or all that there is of it. */
async function firstLine(path: string): Promise<string> {
  let text = "";
  for await (const part of createReadStream(path, { encoding: "latin1" })) {
    text += part;
    const end = text.indexOf("\n");
    if (end >= 0) return Buffer.from(text.slice(0, end + 1), "latin1").toString();
    if (text.length > LONGEST) break; // another file
  }
  return Buffer.from(text, "latin1").toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

const CHUNK = 2 ** 16;

/** Reads lines and bytes of a file through one buffer. */
class Reader {
  private buffer = Buffer.alloc(0);
  private start = 0;

  constructor(private readonly file: FileHandle) {}

  /** At most `length` bytes from `at`, fewer only at the end of the file; valid until the next call. */
  async bytes(at: number, length: number): Promise<Uint8Array> {
    const from = at - this.start;
    if (from >= 0 && from + length <= this.buffer.length) return this.buffer.subarray(from, from + length);
    const buffer = Buffer.alloc(Math.max(length, CHUNK));
    let filled = 0;
    for (let read = -1; read !== 0 && filled < buffer.length; filled += read) {
      ({ bytesRead: read } = await this.file.read(buffer, filled, buffer.length - filled, at + filled));
    }
    this.buffer = buffer.subarray(0, filled);
    this.start = at;
    return this.buffer.subarray(0, length);
  }

  /** A line with its end; undefined if the file ends before. */
  async line(at: number): Promise<string | undefined> {
    const known = Math.max(1, this.start + this.buffer.length - at);
    for (let length = known; ; length = Math.max(CHUNK, 4 * length)) {
      const bytes = Buffer.from(await this.bytes(at, length));
      const end = bytes.indexOf("\n");
      if (end >= 0) return bytes.toString("utf8", 0, end + 1);
      if (bytes.length < length) return undefined;
    }
  }
}
