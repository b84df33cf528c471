/** Opens files of weights, whatever their format. */

import { CheckpointError } from "../../gpu/errors.js";
import { describeMagic, startsWith } from "../magic.js";
import type { ByteSource } from "../platform/types.js";
import { openSafetensors } from "./safetensors.js";
import { type OpenBeside, openSharded } from "./sharded.js";
import type { Checkpoint } from "./types.js";

/**
 * Opens a file of weights after looking at its first bytes. Closes `source` where it fails. `beside` opens files of the same folder,
 * which the index of sharded weights needs.
 * @throws CheckpointError CKPT_FORMAT, which names what the file is, where it holds no weights in a format that is read; the errors of
 * `openSafetensors` where it is broken.
 */
export async function openCheckpoint(source: ByteSource, beside?: OpenBeside): Promise<Checkpoint> {
  let start: Uint8Array;
  try {
    start = await source.read(0, Math.min(512, source.size));
    if (!isSafetensors(start) && !isJson(start))
      throw new CheckpointError("CKPT_FORMAT", `${source.name}: ${whyNot(start)}`);
  } catch (error) {
    await source.close();
    throw error;
  }
  return isJson(start) ? openSharded(source, beside) : openSafetensors(source);
}

/** A length below 2^32 and the brace of the header: looked for first, as the length's bytes can be any other format's signature. */
function isSafetensors(start: Uint8Array): boolean {
  return startsWith(start, "????\0\0\0\0{");
}

/** The index of sharded files is the only JSON text among them. */
function isJson(start: Uint8Array): boolean {
  return /^\s*\{/.test(new TextDecoder("latin1").decode(start));
}

function whyNot(start: Uint8Array): string {
  const wanted = "expected a .safetensors file";
  if (start.length === 0) return `the file is empty; ${wanted}: get it again`;
  const found = describeMagic(start);
  if (startsWith(start, "PK\x03\x04")) return `${found}, perhaps a PyTorch checkpoint: not supported yet; ${wanted}`;
  if (/pickle/.test(found)) return `${found}, perhaps a PyTorch checkpoint: not supported yet; ${wanted}`;
  return `${found}; ${wanted}`;
}
