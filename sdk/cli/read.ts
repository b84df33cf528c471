/** Files that arguments name: by path, or by a http, https, file or data URL. */

import { fileURLToPath } from "node:url";
import { readUrl } from "../platform/node.js";
import { readBytes } from "../platform/node-files.js";
import { misuse } from "./errors.js";

/** Whether an argument is a URL of something that is not on this machine, or holds its bytes itself. */
export const isRemote = (argument: string): boolean => /^(https?|data|blob):/i.test(argument);

/** A `file:` URL as the path that it means; other arguments stay as they are. @throws OptionError */
export function pathOf(argument: string): string {
  if (!/^file:/i.test(argument)) return argument;
  try {
    return fileURLToPath(argument);
  } catch (cause) {
    misuse(`${argument}: ${(cause as Error).message}`, "OPT_VALUE", cause);
  }
}

/** Whether an argument names a file with this ending; a URL's query does not count. */
export function endsIn(argument: string, ending: string): boolean {
  const name = /^https?:/i.test(argument) ? argument.replace(/[?#].*$/, "") : argument;
  return name.toLowerCase().endsWith(ending);
}

/** All bytes of a file or URL. @throws FileError; AbortError */
export function readArgument(argument: string, signal?: AbortSignal): Promise<Uint8Array> {
  return isRemote(argument) ? readUrl(argument, signal) : readBytes(argument, signal);
}
