/** Where the command line writes, results on stdout and everything else on stderr, and how a parsed command comes to its result. */

import { once } from "node:events";
import type { Command } from "commander";
import { version } from "../../package.json";
import type { DeviceInfo, Model } from "../entries/node.js";
import { columns, count, oneLine } from "../report/text.js";
import { errorFields, exitCodes } from "./errors.js";
import { Progress, type Unit } from "./progress.js";

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
 * Completes a command: the options that all have, examples of its use, and its work, which is handed its positional arguments, and its
 * options as the parser made them.
 */
export type Define = <A extends unknown[], O>(
  command: Command,
  work: (context: Context, args: A, options: O) => Promise<Result>,
  examples: readonly string[],
) => Command;

export function definer(context: Context): Define {
  const { output } = context;
  return (command, work, examples) =>
    command
      .optionsGroup("Output:")
      .option("--json", "print exactly one JSON object on stdout")
      .option("--quiet", "no progress and no notes on stderr")
      .addHelpText("after", `\nExamples:\n${examples.map((line) => `  maskfeat-wgpu ${line}`).join("\n")}`)
      .action(async () => {
        const { json = false, quiet = false, ...options } = command.opts();
        output.configure(json, quiet);
        const result = await work(context, command.processedArgs as never, options as never);
        await output.result(command.name(), result);
        if (!result.until) return;
        await result.until;
        process.exitCode = exitCodes.interrupted;
      });
}

/** Stdout and stderr of a command. */
export class Output {
  private quiet = false;
  private readonly bar = new Progress(
    (text) => process.stderr.write(text),
    () => process.stderr.isTTY,
  );
  /** With `--json`: the object up to a list whose items follow; empty once it is written. */
  private opening?: string;
  private items = 0;

  constructor(
    /** Whether stdout is one JSON object. */
    public json: boolean,
    private readonly signal?: AbortSignal,
  ) {}

  configure(json: boolean, quiet: boolean): void {
    this.json = json;
    this.quiet = quiet;
  }

  /** A line on stderr that a user may do without. */
  note(text: string): void {
    if (!this.quiet) this.warn(text);
  }

  /** A line on stderr that is always shown. */
  warn(text: string): void {
    this.bar.clear();
    process.stderr.write(`maskfeat-wgpu: ${oneLine(text)}\n`);
  }

  /** Shows how far the work is; `before` were done when it began. */
  progress(what: string, done: number, total: number, before = 0, unit: Unit = ""): void {
    if (!this.quiet) this.bar.show(what, done, total, before, unit);
  }

  /** Notes which model runs where; with `--json` the result says so. */
  model({ device, trained }: Model): void {
    if (this.json) return;
    this.note(deviceText(device));
    if (!trained) this.note(UNTRAINED);
  }

  /** Announces the list `key` of the JSON object of `command`, whose items are written one by one. */
  list(command: string, about: ModelFacts, key: string): void {
    this.opening = `${JSON.stringify({ command, version, ...about }).slice(0, -1)},"${key}":[`;
  }

  /** Writes an item of the list, if stdout is JSON. */
  async item(value: () => unknown): Promise<void> {
    if (this.json) await this.data(`${this.items++ > 0 ? "," : (this.opening ?? "")}${JSON.stringify(value())}`);
  }

  /** Writes to stdout, and waits until its reader keeps up. */
  async data(bytes: string | Uint8Array): Promise<void> {
    this.bar.clear();
    if (!process.stdout.write(bytes)) await once(process.stdout, "drain", { signal: this.signal });
  }

  /** Prints a result and sets the exit code. */
  async result(command: string, { about, fields, lines, files = [], incomplete }: Result): Promise<void> {
    const written = files.filter((path) => path !== undefined).map((path) => `wrote   ${path}`);
    const text = [...(about ? [modelText(about)] : []), ...lines, ...written].join("\n");
    const rest = () => JSON.stringify(this.items > 0 ? fields : { command, version, ...about, ...fields });
    if (this.json) await this.data(`${this.items > 0 ? `],${rest().slice(1)}` : rest()}\n`);
    else if (text !== "") await this.data(`${text}\n`);
    if (incomplete) process.exitCode = exitCodes.failed;
  }

  /** Prints an error: one line, the stack with `MASKFEAT_DEBUG=1`. A JSON object that is begun ends with it. */
  error(error: unknown): void {
    const fields = errorFields(error);
    this.warn(fields.message);
    if (wantsStack()) console.error(error);
    if (this.json) process.stdout.write(`${this.items > 0 ? "]," : "{"}"error":${JSON.stringify(fields)}}\n`);
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

/** What an untrained model means for readers of its output. */
const UNTRAINED =
  "untrained: the weights follow from a formula, not from images, so the results show that the computation works and say little about content";

/** The same facts for people. */
function modelText({ model, weights, trained }: ModelFacts): string {
  return `model   ${model}, weights ${weights}${trained ? "" : ", untrained"}`;
}

function deviceText({ kind, adapter, threads, reason, selfTest }: DeviceInfo): string {
  const where = [kind, adapter].filter(Boolean).join(" ") + (kind === "wasm" ? `, ${count(threads, "thread")}` : "");
  const worst = (100 * (selfTest?.worst ?? 0)).toFixed(0);
  const tested = selfTest ? `passed (${selfTest.cases} checks, largest error ${worst} % of its bound)` : "turned off";
  return `device ${where} (${reason}); self-test ${tested}`;
}

/** Up to so many inputs have a row each in the summary for people. */
export const FEW = 5;

/** "2 images, 1 skipped in 30 ms (15.0 ms each)" */
export function workText(n: number, noun: string, skipped: readonly Skipped[], ms: number): string {
  const done = `${count(n, noun)}${skipped.length > 0 ? `, ${skipped.length} skipped` : ""} in ${Math.round(ms)} ms`;
  return `${done} (${(ms / n).toFixed(1)} ms each)`;
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
