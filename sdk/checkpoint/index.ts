/** Opens files of weights, whatever their format. */

import { CheckpointError } from "../../gpu/errors.js";
import { describeMagic, startsWith } from "../io/magic.js";
import type { ByteSource } from "../io/types.js";
import { openNpz } from "./npz.js";
import { openSafetensors } from "./safetensors.js";
import { type OpenBeside, openSharded } from "./sharded.js";
import { openTorch } from "./torch/index.js";
import type { Checkpoint, CheckpointOptions } from "./types.js";

/**
 * Opens a file of weights after looking at its first bytes. Closes `source` if it fails. `beside` opens files of the same folder,
 * which the index of sharded weights needs.
 * @throws CheckpointError CKPT_FORMAT, which names what the file is, if it holds no weights in a format that is read; the errors of
 * `openSafetensors`, `openSharded`, `openTorch` and `openNpz` if it is broken.
 */
export async function openCheckpoint(
  source: ByteSource,
  beside?: OpenBeside,
  options: CheckpointOptions = {},
): Promise<Checkpoint> {
  let open: Reader;
  try {
    const start = await source.read(0, Math.min(512, source.size));
    open = readerOf(start) ?? wrong(source.name, start);
    if (options.ema && (open === openSafetensors || open === openSharded || open === openNpz)) {
      const what = "ema: true, but files of this format hold one set of weights; leave the option out";
      throw new CheckpointError("CKPT_MISMATCH", `${source.name}: ${what}`);
    }
  } catch (error) {
    await source.close();
    throw error;
  }
  return open(source, beside, options);
}

type Reader = (source: ByteSource, beside?: OpenBeside, options?: CheckpointOptions) => Promise<Checkpoint>;

/** The name in an archive's first header, as far as it was read. */
function firstMember(start: Uint8Array): string {
  return new TextDecoder("latin1").decode(start.subarray(30, 30 + start[26] + 256 * start[27]));
}

/**
 * Safetensors are looked for first, as the bytes of their header's length can be any other format's signature: a length below 2^32, then
 * the brace of the header.
 */
function readerOf(start: Uint8Array): Reader | undefined {
  if (startsWith(start, "????\0\0\0\0{")) return openSafetensors;
  // the index of sharded files is the only JSON text among them
  if (/^\s*\{/.test(new TextDecoder("latin1").decode(start))) return openSharded;
  if (startsWith(start, "PK\x03\x04") && firstMember(start).endsWith(".npy")) return openNpz;
  if (startsWith(start, "PK\x03\x04")) return (source, _, options) => openTorch(source, "torch", options);
  if (/pickle/.test(describeMagic(start))) return (source, _, options) => openTorch(source, "torch-legacy", options);
  return undefined;
}

function wrong(name: string, start: Uint8Array): never {
  const found = start.length === 0 ? "the file is empty" : describeMagic(start);
  const wanted = "expected a .safetensors file, a .pth file of PyTorch or an .npz file: get it again";
  throw new CheckpointError("CKPT_FORMAT", `${name}: ${found}; ${wanted}`);
}
