#!/usr/bin/env node
/** The command line: runs the command asked for, and turns whatever is thrown into one line and an exit code. */

import { CommanderError } from "commander";
import { systemReason } from "../platform/node-source.js";
import { asOptionError, exitCodeOf, exitCodes } from "./errors.js";
import { Output } from "./output.js";
import { buildProgram, usageOf } from "./program.js";

async function main(): Promise<void> {
  const [, , ...given] = process.argv;
  const args = given.length > 0 ? given : ["--help"];
  const interrupt = new AbortController();
  process.on("SIGINT", () => {
    if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
    interrupt.abort();
  });
  const { signal } = interrupt;
  const output = new Output(args.includes("--json"), signal);
  const program = buildProgram({ output, signal });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const shown = asOptionError(error, usageOf(program, args[0]));
    process.exitCode = exitCodeOf(shown);
    output.error(shown);
  }
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no failure, and a failure is reported once.
  if (error.code === "EPIPE" || process.exitCode) process.exit();
  new Output(false).warn(`standard output cannot be written: ${systemReason(error)}`);
  process.exit(exitCodes.failed);
});
// Nothing can be said any more, but the results still count.
process.stderr.on("error", () => {});

await main();
