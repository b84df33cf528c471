/** PyTorch's checkpoints, `.pth` and `.pyth`: the zip since torch 1.6 and the stream before it. Nothing of the file is ever run. */

import type { ByteSource } from "../../io/types.js";
import { bytesOf } from "../convert.js";
import { failer } from "../fail.js";
import { openFile, type Stored } from "../file.js";
import type { Checkpoint, CheckpointOptions } from "../types.js";
import { readArchive } from "./archive.js";
import { gather } from "./gather.js";
import { findWeights } from "./layout.js";
import { readLegacy } from "./legacy.js";
import { children } from "./survey.js";
import { StorageRef, type Value } from "./values.js";

/**
 * Opens a file of `torch.save`: reads and checks everything but the elements, which are read tensor by tensor. Closes `source` if it
 * fails.
 * @throws CheckpointError CKPT_ZIP, CKPT_PICKLE, CKPT_UNKNOWN_GLOBAL, CKPT_FORMAT, CKPT_TRUNCATED, CKPT_OFFSETS, CKPT_DUPLICATE,
 * CKPT_LIMIT, CKPT_MISMATCH if the file has not what `ema` asks for; FileError if reading fails.
 */
export function openTorch(
  source: ByteSource,
  format: "torch" | "torch-legacy",
  { ema }: CheckpointOptions = {},
): Promise<Checkpoint> {
  const fail = failer(source.name);
  return openFile(source, format, async () => {
    const { root, storages } = await (format === "torch" ? readArchive : readLegacy)(source, storagesOf, fail);
    const { tensors, ...rest } = findWeights(root, ema, fail);
    const placed = [...tensors].map(([name, { storage, offset, shape, strides }]) => {
      const { dtype, key, first, length } = storage;
      const { place, begin } = storages.get(key)!;
      const read: Stored["read"] = async (out, conversion) => {
        const span = { begin: (await begin()) + first * conversion.bytes, length };
        await gather(source, span, conversion, { offset, shape, strides }, out);
      };
      return { name, place: place + (first + offset) * bytesOf(dtype), stored: { dtype, shape, read } };
    });
    placed.sort((a, b) => a.place - b.place);
    return { tensors: new Map(placed.map(({ name, stored }) => [name, stored])), ...rest };
  });
}

/** Every storage that data refers to, wherever it stands. */
function* storagesOf(root: Value): Iterable<StorageRef> {
  const seen = new Set<Value>();
  const waiting: Value[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (value === null || typeof value !== "object" || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof StorageRef) yield value;
    for (const [, item] of children(value)) waiting.push(item);
  }
}
