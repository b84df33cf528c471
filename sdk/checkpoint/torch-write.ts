/** Writes PyTorch's `.pth`: the zip of torch 1.6 and newer, which `torch.load(weights_only=True)` reads. */

import { checkNames, encode, encodeAll, joined, type TensorToStream, type TensorToWrite } from "./encode.js";
import { pickleCheckpoint } from "./torch/pickle-write.js";
import { ZipWriter } from "./torch/zip-write.js";
import type { PlainMap } from "./types.js";

export interface TorchOptions {
  /** Stored as `meta` beside `state_dict`: what mmengine keeps there (`dataset_meta`, `epoch` ...). */
  readonly meta?: PlainMap;
}

/**
 * One file of all `tensors`, as `{"meta": meta, "state_dict": tensors}`.
 * @throws ShapeError if data and shape differ; CheckpointError CKPT_DUPLICATE; OptionError if `meta` holds bytes or markers
 */
export function writeTorch(
  tensors: Iterable<readonly [string, TensorToWrite]>,
  { meta = new Map() }: TorchOptions = {},
): Uint8Array<ArrayBuffer> {
  const blocks = encodeAll(tensors);
  checkNames(blocks);
  const zip = new ZipWriter();
  const parts = [...zip.member("archive/data.pkl", pickleCheckpoint(blocks, meta))];
  for (const [key, { bytes }] of blocks.entries()) parts.push(...zip.member(`archive/data/${key}`, bytes));
  return joined([...parts, ...tail(zip)]);
}

/** The same file part by part: numbers are asked for one tensor at a time. */
export async function* streamTorch(
  tensors: readonly TensorToStream[],
  { meta = new Map() }: TorchOptions = {},
): AsyncGenerator<Uint8Array> {
  checkNames(tensors);
  const zip = new ZipWriter();
  yield* zip.member("archive/data.pkl", pickleCheckpoint(tensors, meta));
  for (const [key, tensor] of tensors.entries()) {
    yield* zip.member(`archive/data/${key}`, encode(await tensor.read(), tensor));
  }
  yield* tail(zip);
}

function tail(zip: ZipWriter): Uint8Array[] {
  const text = (content: string) => new TextEncoder().encode(content);
  return [
    ...zip.member("archive/version", text("3\n")),
    ...zip.member("archive/byteorder", text("little")),
    ...zip.finish(),
  ];
}
