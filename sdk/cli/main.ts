#!/usr/bin/env node
/** The command line: builds the commands, runs the one asked for, and turns whatever is thrown into one line and an exit code. */

import { Command, CommanderError } from "commander";
import { version } from "../../package.json";
import { systemReason } from "../platform/node-source.js";
import { convertCommand, inspectCommand } from "./checkpoint.js";
import { conformanceCommand } from "./conformance.js";
import { hogCommand, maskCommand, preprocessCommand } from "./data.js";
import { demoCommand } from "./demo.js";
import { asOptionError, exitCodeOf, exitCodes } from "./errors.js";
import { extractCommand } from "./extract.js";
import { downloadCommand, infoCommand, modelsCommand } from "./models.js";
import { definer, Output } from "./output.js";
import { predictCommand } from "./predict.js";
import { reconstructCommand } from "./reconstruct.js";

/** Silent and throwing, so that all errors come out in our form. */
function quietly(command: Command): Command {
  return command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
}

function buildProgram(signal: AbortSignal): Command {
  const define = definer(signal);
  const commands = [
    demoCommand,
    extractCommand,
    predictCommand,
    preprocessCommand,
    hogCommand,
    maskCommand,
    reconstructCommand,
    modelsCommand,
    infoCommand,
    downloadCommand,
    inspectCommand,
    convertCommand,
    conformanceCommand,
  ];
  const program = quietly(new Command("maskfeat-wgpu"))
    .description("MaskFeat for JavaScript: image embeddings, HOG features and masked reconstruction")
    .version(version)
    .addHelpText("after", "\nWithout a command: demo. `maskfeat-wgpu <command> --help` shows a command's options.");
  for (const command of commands) program.addCommand(quietly(command(define)));
  return program.helpCommand(false);
}

/** Arguments with the default command filled in. */
function withCommand(args: readonly string[]): string[] {
  const own = ["-h", "--help", "-V", "--version"];
  const [first] = args;
  return first === undefined || (first.startsWith("-") && !own.includes(first)) ? ["demo", ...args] : [...args];
}

/** What could have been written instead, for an error about an argument. */
function choicesOf(program: Command, name: string): string {
  const command = program.commands.find((c) => c.name() === name);
  if (!command) return `the commands are ${program.commands.map((c) => c.name()).join(", ")}`;
  const options = command.options.map((option) => option.long).join(", ");
  return `usage: ${name} ${command.usage()}; the options are ${options}`;
}

async function main(): Promise<void> {
  const args = withCommand(process.argv.slice(2));
  const interrupt = new AbortController();
  process.on("SIGINT", () => {
    if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
    interrupt.abort();
  });
  const program = buildProgram(interrupt.signal);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const shown = asOptionError(error, choicesOf(program, args[0]));
    process.exitCode = exitCodeOf(shown);
    new Output(args.includes("--json"), false).error(shown);
  }
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no failure; and of one that is told already nothing more is said.
  if (error.code === "EPIPE" || process.exitCode) process.exit();
  new Output(false, false).warn(`standard output cannot be written: ${systemReason(error)}`);
  process.exit(exitCodes.failed);
});
// Nothing can be said any more, but the results still count.
process.stderr.on("error", () => {});

await main();
