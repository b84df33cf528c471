/** From a parsed command to its result. */

import type { Command } from "commander";
import { exitCodes } from "./errors.js";
import { Output, type Result } from "./output.js";

/** What every command is handed. */
export interface Context {
  readonly output: Output;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** A command's work. `args`: its positional arguments; `options`: its options as the parser made them. */
export type Work<A extends unknown[], O> = (context: Context, args: A, options: O) => Promise<Result>;

/** Completes a command: the options that all have, and what it does. */
export type Define = <A extends unknown[], O>(command: Command, work: Work<A, O>) => Command;

export function definer(signal: AbortSignal): Define {
  return <A extends unknown[], O>(command: Command, work: Work<A, O>) =>
    command
      .option("--json", "print exactly one JSON object on stdout")
      .option("--quiet", "no progress and no notes on stderr")
      .action(async () => {
        const { json = false, quiet = false, ...options } = command.opts();
        const output = new Output(json, quiet);
        const result = await work({ output, signal }, command.processedArgs as A, options as O);
        output.result(command.name(), result);
        if (!result.until) return;
        await result.until;
        process.exitCode = exitCodes.interrupted;
      });
}
