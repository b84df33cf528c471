/** Where the command line writes: results on stdout, everything else on stderr. */

import { version } from "../../package.json";
import type { DeviceInfo, Model } from "../entries/node.js";
import { errorFields, exitCodes, oneLine } from "./errors.js";
import { short } from "./numbers.js";

/** What a command has found: as fields of its JSON object, and for people. */
export interface Result {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The result is not all that was asked for: exit code 1. */
  readonly incomplete?: boolean;
  /** Work that goes on after the result is printed, until the user interrupts. */
  readonly until?: Promise<void>;
}

/** The output of one command. */
export class Output {
  private progressShown = false;

  constructor(
    private readonly json: boolean,
    private readonly quiet: boolean,
  ) {}

  /** A line on stderr that a user may do without. */
  note(text: string): void {
    if (!this.quiet) this.warn(text);
  }

  /** A line on stderr that is always shown. */
  warn(text: string): void {
    this.clearProgress();
    process.stderr.write(`maskfeat-wgpu: ${oneLine(text)}\n`);
  }

  /** Shows how far the work is, where a person looks on. */
  progress(what: string, done: number, total: number): void {
    if (this.quiet || !process.stderr.isTTY) return;
    const filled = Math.round((20 * done) / total);
    process.stderr.write(`\r\x1b[2K${what} ${"█".repeat(filled)}${"░".repeat(20 - filled)} ${done} of ${total}`);
    this.progressShown = true;
  }

  /** Prints a result and sets the exit code. */
  result(command: string, { fields, text, incomplete }: Result): void {
    this.clearProgress();
    process.stdout.write(this.json ? `${JSON.stringify({ command, version, ...fields })}\n` : `${text}\n`);
    if (incomplete) process.exitCode = exitCodes.failed;
  }

  /** Prints an error: one line, the stack with `MASKFEAT_DEBUG=1`. */
  error(error: unknown): void {
    const fields = errorFields(error);
    this.warn(fields.message);
    if (process.env.MASKFEAT_DEBUG === "1") console.error(error);
    if (this.json) process.stdout.write(`${JSON.stringify({ error: fields })}\n`);
  }

  private clearProgress(): void {
    if (this.progressShown) process.stderr.write("\r\x1b[2K");
    this.progressShown = false;
  }
}

/** The fields that every command with a model gives. */
export function modelFields({ name, weights, trained, device }: Model) {
  return { model: name, weights, trained, device };
}

/** What an untrained model means for whoever reads its output. */
export const UNTRAINED =
  "untrained: the weights follow from a formula, not from images, so these numbers show that the computation works and say little about content";

/** The same facts for people. */
export function modelText({ name, weights, trained, device }: Model): string {
  const threads = device.kind === "wasm" ? `, ${count(device.threads, "thread")}` : "";
  const lines = [
    `model   ${name}, weights ${weights}`,
    `device  ${[device.kind, device.adapter].filter(Boolean).join(" ")}${threads} (${device.reason})`,
    `tested  ${testText(device.selfTest)}`,
  ];
  return [...lines, ...(trained ? [] : [`note    ${UNTRAINED}`])].join("\n");
}

/** What the device's self-test found; a device that failed is not used. */
function testText(test: DeviceInfo["selfTest"]): string {
  if (!test) return "no: the self-test was turned off";
  return `${test.cases} answers right, the largest error ${short(test.worst)} of what is allowed`;
}

/** "1 image", "2 images" */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** Rows under a header in columns; numbers stand right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map(String));
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  const right = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return [line(header), ...cells.map(line)].join("\n");
}
