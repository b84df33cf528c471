/** Writes safetensors files: the same tensors give the same bytes, whatever their order. */

import { CheckpointError } from "../../gpu/errors.js";
import { tensor } from "../tensor.js";
import { f32ToBf16, f32ToF16 } from "../wasm/half.js";

/** A tensor to write; it is rounded to `dtype` (to nearest even), F32 by default. */
export interface TensorToWrite {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly dtype?: "F32" | "F16" | "BF16";
}

/** In the order of the reference's writer: dtypes of wider elements first (then the reference's own order of names for them). */
const DTYPES = ["F32", "BF16", "F16"] as const;

const ENCODE = {
  F32: (data: Float32Array) => data,
  F16: f32ToF16,
  BF16: f32ToBf16,
};

/**
 * One file of all `tensors`. As the reference writes it: `__metadata__` first (none where it is empty; its keys sorted), then the tensors
 * by dtype (F32, BF16, F16) and name (UTF-16 code units), no white space, the header padded by spaces so that the data is 8-byte aligned.
 * @throws ShapeError where data and shape differ; CheckpointError CKPT_DUPLICATE for a name that occurs twice or is `__metadata__`.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, TensorToWrite]>,
  metadata: Iterable<readonly [string, string]> = [],
): Uint8Array<ArrayBuffer> {
  const blocks = [...tensors].map(([name, { data, shape, dtype = "F32" }]) => {
    const encoded = ENCODE[dtype](tensor(data, shape).data);
    return { name, shape, dtype, bytes: new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength) };
  });
  blocks.sort((a, b) => DTYPES.indexOf(a.dtype) - DTYPES.indexOf(b.dtype) || compare(a.name, b.name));
  checkNames(blocks.map(({ name }) => name));

  const fields = metadataField([...metadata]);
  let end = 0;
  for (const { name, shape, dtype, bytes } of blocks) {
    const begin = end;
    end += bytes.length;
    fields.push(field(name, { dtype, shape, data_offsets: [begin, end] }));
  }
  return assemble(`{${fields.join(",")}}`, blocks, end);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Put together as text: as an object's keys, names like "0" would change their place and `__proto__` would be lost. */
const field = (name: string, value: unknown) => `${JSON.stringify(name)}:${JSON.stringify(value)}`;

function metadataField(metadata: (readonly [string, string])[]): string[] {
  if (metadata.length === 0) return [];
  const fields = metadata.sort(([a], [b]) => compare(a, b)).map(([key, value]) => field(key, value));
  return [`"__metadata__":{${fields.join(",")}}`];
}

function checkNames(names: readonly string[]): void {
  const seen = new Set(["__metadata__"]);
  for (const name of names) {
    if (seen.has(name)) {
      throw new CheckpointError("CKPT_DUPLICATE", `the tensor name ${JSON.stringify(name)} is given twice or reserved`);
    }
    seen.add(name);
  }
}

function assemble(json: string, blocks: readonly { bytes: Uint8Array }[], dataBytes: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json);
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + dataBytes).fill(0x20, 8, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(text, 8);
  let at = 8 + headerBytes;
  for (const { bytes } of blocks) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
