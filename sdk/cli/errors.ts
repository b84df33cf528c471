/** What an error means for the command line: its exit code and its one line. */

import { CommanderError } from "commander";
import { type ErrorCode, MaskFeatError, OptionError } from "../entries/node.js";
import { unpermitted } from "../platform/node-source.js";
import { oneLine } from "../report/text.js";

/** Exit codes beside 0. */
export const exitCodes = { failed: 1, usage: 2, deviceAbsent: 3, interrupted: 130 } as const;

/** Ends a command that is used wrongly. @throws OptionError */
export function misuse(message: string, code: ErrorCode = "OPT_VALUE", cause?: unknown): never {
  throw new OptionError(code, message, { cause });
}

/** What `--json` shows of an error. */
export interface ErrorFields {
  readonly name: string;
  readonly code: ErrorCode | "ABORTED" | "INTERNAL";
  readonly message: string;
}

/** Name, stable code and message of whatever was thrown. */
export function errorFields(error: unknown): ErrorFields {
  if (error instanceof MaskFeatError) {
    return { name: error.name, code: error.code, message: oneLine(error.message) };
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return { name: error.name, code: "ABORTED", message: "interrupted; no file was left half-written" };
  }
  const denied = unpermitted(error);
  if (denied) return { name: "FileError", code: "FILE_READ", message: denied };
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, code: "INTERNAL", message: oneLine(`unexpected: ${message}; MASKFEAT_DEBUG=1 shows where`) };
}

export function exitCodeOf(error: unknown): number {
  const { code } = errorFields(error);
  if (code === "ABORTED") return exitCodes.interrupted;
  if (code === "DEVICE_ABSENT") return exitCodes.deviceAbsent;
  return error instanceof OptionError ? exitCodes.usage : exitCodes.failed;
}

const commanderCodes: Readonly<Record<string, ErrorCode>> = {
  "commander.unknownOption": "OPT_UNKNOWN",
  "commander.unknownCommand": "OPT_UNKNOWN",
  "commander.excessArguments": "OPT_UNKNOWN",
  "commander.missingArgument": "OPT_MISSING",
  "commander.optionMissingArgument": "OPT_MISSING",
};

/** An error of the argument parser as one of ours; `choices` lists what there is. Everything else stays as it is. */
export function asOptionError(error: unknown, choices: string): unknown {
  if (!(error instanceof CommanderError)) return error;
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\.$/, "")
    .replace(/\n\(Did/, " (did");
  return new OptionError(commanderCodes[error.code] ?? "OPT_VALUE", `${message}; ${choices}`, { cause: error });
}
