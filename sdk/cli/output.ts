/** Where the command line writes, results on stdout and everything else on stderr, and how a parsed command comes to its result. */

import type { Command } from "commander";
import { version } from "../../package.json";
import type { DeviceInfo, Model } from "../entries/node.js";
import { columns, count, oneLine } from "../report/text.js";
import { errorFields, exitCodes } from "./errors.js";

/** An input that could not be used, as `--json` shows it. */
export interface Skipped {
  readonly input: string;
  readonly code: string;
  readonly message: string;
}

/** What a command has found: as fields of its JSON object, and for people. */
export interface Result {
  /** The model that ran: its facts come first. */
  readonly about?: ModelFacts;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  /** The files that were written, where a person wants to know. */
  readonly files?: readonly (string | undefined)[];
  /** The result is not all that was asked for: exit code 1. */
  readonly incomplete?: boolean;
  /** Work that goes on after the result is printed, until the user interrupts. */
  readonly until?: Promise<void>;
}

/** What every command is handed. */
export interface Context {
  readonly output: Output;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/**
 * Completes a command: the options that all have, and its work, which is handed its positional arguments, and its options as the parser
 * made them.
 */
export type Define = <A extends unknown[], O>(
  command: Command,
  work: (context: Context, args: A, options: O) => Promise<Result>,
) => Command;

export function definer(signal: AbortSignal): Define {
  return (command, work) =>
    command
      .option("--json", "print exactly one JSON object on stdout")
      .option("--quiet", "no progress and no notes on stderr")
      .action(async () => {
        const { json = false, quiet = false, ...options } = command.opts();
        const output = new Output(json, quiet);
        const result = await work({ output, signal }, command.processedArgs as never, options as never);
        output.result(command.name(), result);
        if (!result.until) return;
        await result.until;
        process.exitCode = exitCodes.interrupted;
      });
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
  result(command: string, { about, fields, lines, files = [], incomplete }: Result): void {
    this.clearProgress();
    const written = files.filter((path) => path !== undefined).map((path) => `wrote   ${path}`);
    const text = [...(about ? [modelText(about)] : []), ...lines, ...written].join("\n");
    process.stdout.write(`${this.json ? JSON.stringify({ command, version, ...about, ...fields }) : text}\n`);
    if (incomplete) process.exitCode = exitCodes.failed;
  }

  /** Prints an error: one line, the stack with `MASKFEAT_DEBUG=1`. */
  error(error: unknown): void {
    const fields = errorFields(error);
    this.warn(fields.message);
    if (wantsStack()) console.error(error);
    if (this.json) process.stdout.write(`${JSON.stringify({ error: fields })}\n`);
  }

  private clearProgress(): void {
    if (this.progressShown) process.stderr.write("\r\x1b[2K");
    this.progressShown = false;
  }
}

function wantsStack(): boolean {
  try {
    return process.env.MASKFEAT_DEBUG === "1";
  } catch {
    return false; // Deno may not permit to look
  }
}

/** The fields that every command with a model gives. */
export type ModelFacts = ReturnType<typeof modelFields>;

export function modelFields({ name, weights, trained, device }: Model) {
  return { model: name, weights, trained, device };
}

/** What an untrained model means for whoever reads its output. */
const UNTRAINED =
  "untrained: the weights follow from a formula, not from images, so these numbers show that the computation works and say little about content";

/** The same facts for people. */
function modelText({ model, weights, trained, device }: ModelFacts): string {
  const threads = device.kind === "wasm" ? `, ${count(device.threads, "thread")}` : "";
  const lines = [
    `model   ${model}, weights ${weights}`,
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

/** "2 images, 1 skipped in 30 ms" */
export function workText(n: number, noun: string, skipped: readonly Skipped[], ms: number): string {
  return `${count(n, noun)}${skipped.length > 0 ? `, ${skipped.length} skipped` : ""} in ${Math.round(ms)} ms`;
}

/** Rows under a header in columns; numbers stand right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const isRight = (i: number) => rows.length > 0 && rows.every((row) => typeof row[i] === "number");
  const right = [...header.keys()].filter(isRight);
  return columns([header, ...rows.map((row) => row.map(String))], right).join("\n");
}

export function sum(data: Iterable<number>): number {
  let total = 0;
  for (const x of data) total += x;
  return total;
}

/** The first eight numbers. */
export function firstOf(data: Float32Array): number[] {
  return [...data.subarray(0, 8)];
}

/** First numbers, length, mean and standard deviation. */
export function summary(data: Float32Array) {
  const mean = sum(data) / data.length;
  let squares = 0;
  let deviations = 0;
  for (const x of data) {
    squares += x * x;
    deviations += (x - mean) ** 2;
  }
  return { first: firstOf(data), norm: Math.sqrt(squares), mean, std: Math.sqrt(deviations / data.length) };
}

/** For people: four decimals. */
export const short = (x: number): string => x.toFixed(4);
