/** The command `download`: a checkpoint from its server to the cache, or to a file. */

import { Command } from "commander";
import { download } from "../entries/node.js";
import { copyAtomic } from "../platform/node-files.js";
import { checkFolder } from "./files.js";
import type { Context, Define } from "./run.js";

interface DownloadFlags {
  readonly to?: string;
  readonly integrity?: string;
  readonly offline?: boolean;
}

export function downloadCommand(define: Define): Command {
  const command = new Command("download")
    .description("a published checkpoint, or the file of a URL; downloaded once, verified each time")
    .argument("<name|url>", "a registered model (see models), or a http or https URL")
    .option("--to <file>", "copy it to this file")
    .option("--integrity <hash>", "what its SHA-256 must be: sha256- and base64")
    .option("--offline", "verify the kept file, ask no server");
  return define(command, downloadWork);
}

async function downloadWork({ output, signal }: Context, [from]: [string], flags: DownloadFlags) {
  const { to, integrity, offline } = flags;
  if (to !== undefined) await checkFolder(to);
  const onProgress = (loaded: number, total = loaded) => output.progress("downloading", loaded, total);
  const { url, path: kept, bytes, sha256 } = await download(from, { signal, integrity, offline, onProgress });
  const path = to ?? kept;
  if (to !== undefined && kept !== null) {
    signal.throwIfAborted();
    await copyAtomic(kept, to);
  }
  return { fields: { path, bytes, sha256, url }, text: `${path}\n${bytes} bytes, sha256 ${sha256}` };
}
