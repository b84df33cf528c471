/** Opens files of weights, whatever their format. */

import { CheckpointError } from "../../gpu/errors.js";
import { describeMagic, startsWith } from "../magic.js";
import type { ByteSource } from "../platform/types.js";
import { openSafetensors } from "./safetensors.js";
import { openTorch } from "./torch/index.js";
import type { Checkpoint } from "./types.js";

/**
 * Opens a file of weights after looking at its first bytes. Closes `source` where it fails.
 * @throws CheckpointError CKPT_FORMAT, which names what the file is, where it holds no weights in a format that is read; the errors of
 * `openSafetensors` and `openTorch` where it is broken.
 */
export async function openCheckpoint(source: ByteSource): Promise<Checkpoint> {
  let open: (source: ByteSource) => Promise<Checkpoint>;
  try {
    const start = await source.read(0, Math.min(512, source.size));
    open = readerOf(start) ?? wrong(source.name, start);
  } catch (error) {
    await source.close();
    throw error;
  }
  return open(source);
}

/**
 * Safetensors are looked for first, as the bytes of their header's length can be any other format's signature: a length below 2^32, then
 * the brace of the header.
 */
function readerOf(start: Uint8Array): ((source: ByteSource) => Promise<Checkpoint>) | undefined {
  if (startsWith(start, "????\0\0\0\0{")) return openSafetensors;
  if (startsWith(start, "PK\x03\x04")) return (source) => openTorch(source, "torch");
  if (/pickle/.test(describeMagic(start))) return (source) => openTorch(source, "torch-legacy");
  return undefined;
}

function wrong(name: string, start: Uint8Array): never {
  const found = start.length === 0 ? "the file is empty" : describeMagic(start);
  const wanted = "expected a .safetensors file or a .pth file of PyTorch: get it again";
  throw new CheckpointError("CKPT_FORMAT", `${name}: ${found}; ${wanted}`);
}
