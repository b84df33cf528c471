/** Writes safetensors files: the same tensors give the same bytes, whatever their order. */

import { sizeOf } from "../base/tensor.js";
import { bytesOf } from "./convert.js";
import {
  checkNames,
  encode,
  encodeAll,
  encodeParts,
  joined,
  type TensorHeader,
  type TensorInParts,
  type TensorToStream,
  type TensorToWrite,
} from "./encode.js";

/** In the order of the reference's writer: dtypes of wider elements first (then the reference's own order of names for them). */
const DTYPES = ["F32", "BF16", "F16"] as const;

/**
 * One file of all `tensors`. As the reference writes it: `__metadata__` first (none where it is empty; its keys sorted), then the tensors
 * by dtype (F32, BF16, F16) and name (UTF-16 code units), no white space, the header padded by spaces so that the data is 8-byte aligned.
 * @throws ShapeError if data and shape differ; CheckpointError CKPT_DUPLICATE for a name that occurs twice or is `__metadata__`.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, TensorToWrite]>,
  metadata: Iterable<readonly [string, string]> = [],
): Uint8Array<ArrayBuffer> {
  const sorted = inOrder(encodeAll(tensors));
  return joined([header(sorted, metadata), ...sorted.map(({ bytes }) => bytes)]);
}

/**
 * The same file part by part: elements are asked for one tensor at a time, in the order of the file.
 * @throws ShapeError, at their end, if the parts of a tensor are not as long as its shape says
 */
export async function* streamSafetensors(
  tensors: readonly (TensorToStream | TensorInParts)[],
  metadata: Iterable<readonly [string, string]> = [],
): AsyncGenerator<Uint8Array> {
  const sorted = inOrder(tensors);
  yield header(sorted, metadata);
  for (const tensor of sorted) {
    if ("parts" in tensor) yield* encodeParts(tensor);
    else yield encode(await tensor.read(), tensor);
  }
}

function inOrder<T extends TensorHeader>(blocks: readonly T[]): T[] {
  checkNames(blocks, ["__metadata__"]);
  return [...blocks].sort((a, b) => DTYPES.indexOf(a.dtype) - DTYPES.indexOf(b.dtype) || compare(a.name, b.name));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Put together as text: as an object's keys, names like "0" would change their place and `__proto__` would be lost. */
const field = (name: string, value: unknown) => `${JSON.stringify(name)}:${JSON.stringify(value)}`;

function metadataField(metadata: (readonly [string, string])[]): string[] {
  if (metadata.length === 0) return [];
  const fields = metadata.sort(([a], [b]) => compare(a, b)).map(([key, value]) => field(key, value));
  return [`"__metadata__":{${fields.join(",")}}`];
}

/** Length and header of a file with these tensors in this order. */
function header(
  blocks: readonly TensorHeader[],
  metadata: Iterable<readonly [string, string]>,
): Uint8Array<ArrayBuffer> {
  const fields = metadataField([...metadata]);
  let end = 0;
  for (const { name, shape, dtype } of blocks) {
    const begin = end;
    end += sizeOf(shape) * bytesOf(dtype);
    fields.push(field(name, { dtype, shape, data_offsets: [begin, end] }));
  }
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const bytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + bytes).fill(0x20, 8);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes), true);
  file.set(text, 8);
  return file;
}
