/**
 * A file of JSON lines that outlives an interruption: whole lines go to `<path>.partial`, from which the same command continues; the
 * complete file is renamed to `<path>`.
 */

import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, open, rename, truncate } from "node:fs/promises";
import { FileError } from "../entries/node.js";
import { systemReason } from "../platform/node-source.js";

/** A line's object. */
export type Line = Readonly<Record<string, unknown>>;

export class ContinuedFile {
  private file?: FileHandle;

  private constructor(private readonly path: string) {}

  /**
   * `accept`: how many of the lines found still count, all but those that are to be computed anew; it throws an Error that says what is
   * wrong with a line that this command would not have written.
   * @throws FileError FILE_READ where there is a partial file of another command.
   */
  static async open(path: string, accept: (lines: readonly Line[]) => number): Promise<ContinuedFile> {
    const partial = `${path}.partial`;
    if (!existsSync(partial)) return new ContinuedFile(path);
    try {
      const lines = await wholeLines(partial);
      const kept = accept(lines.map(({ line }) => line));
      // an interrupted write may have left a part of a line
      await truncate(partial, lines[kept - 1]?.end ?? 0);
      return new ContinuedFile(path);
    } catch (cause) {
      const hint = "only the command that wrote it continues it; remove it to begin anew";
      throw new FileError("FILE_READ", `${partial}: ${systemReason(cause)}; ${hint}`, { cause });
    }
  }

  /** Appends lines. @throws FileError */
  async append(lines: readonly Line[]): Promise<void> {
    await this.writing((file) => file.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
  }

  /** Flushes and renames the complete file. @throws FileError */
  async finish(): Promise<void> {
    await this.writing(async (file) => {
      await file.sync();
      await this.close();
      await rename(`${this.path}.partial`, this.path);
    });
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }

  private async writing(work: (file: FileHandle) => Promise<void>): Promise<void> {
    try {
      this.file ??= await open(`${this.path}.partial`, "a");
      await work(this.file);
    } catch (cause) {
      throw new FileError("FILE_WRITE", `${this.path}: cannot be written: ${systemReason(cause)}`, { cause });
    }
  }
}

/** The complete lines of a file, and the offset behind each; its size is not bounded by that of a string. */
async function wholeLines(path: string): Promise<{ line: Line; end: number }[]> {
  const lines: { line: Line; end: number }[] = [];
  let rest = Buffer.alloc(0);
  let end = 0;
  for await (const chunk of createReadStream(path)) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = bytes.indexOf("\n"); to >= 0; to = bytes.indexOf("\n", from)) {
      end += to + 1 - from;
      lines.push({ line: parse(bytes.toString("utf8", from, to), lines.length + 1), end });
      from = to + 1;
    }
    rest = bytes.subarray(from);
  }
  return lines;
}

function parse(text: string, number: number): Line {
  try {
    const line = JSON.parse(text);
    if (typeof line === "object" && line !== null) return line;
  } catch {
    // told below, as for what is JSON and no object
  }
  throw new Error(`line ${number} is no JSON object`);
}
