/** PyTorch's checkpoints, `.pth` and `.pyth`: the zip since torch 1.6 and the stream before it. Nothing of the file is ever run. */

import type { Tensor } from "../../base/tensor.js";
import type { ByteSource } from "../../io/types.js";
import { bytesOf, conversionOf } from "../convert.js";
import { type Fail, failer, product, quoted } from "../fail.js";
import type { Checkpoint, PlainMap, Staging, TensorInfo } from "../types.js";
import { readArchive } from "./archive.js";
import { gather } from "./gather.js";
import { findWeights, type Layout } from "./layout.js";
import { readLegacy } from "./legacy.js";
import { Dict, SetOf, StorageRef, type Stored, TensorRef, Unknown, type Value } from "./values.js";

/**
 * Opens a file of `torch.save`: reads and checks everything but the numbers, which are read tensor by tensor. Closes `source` where it
 * fails.
 * @throws CheckpointError CKPT_ZIP, CKPT_PICKLE, CKPT_UNKNOWN_GLOBAL, CKPT_FORMAT, CKPT_TRUNCATED, CKPT_OFFSETS, CKPT_DUPLICATE,
 * CKPT_LIMIT; FileError where reading fails.
 */
export async function openTorch(source: ByteSource, format: "torch" | "torch-legacy"): Promise<Checkpoint> {
  const fail = failer(source.name);
  try {
    const read = format === "torch" ? readArchive : readLegacy;
    const { root, storages } = await read(source, storagesOf, fail);
    return new TorchFile(source, format, findWeights(root, fail), storages, fail);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Every storage that data refers to, wherever it stands. */
function* storagesOf(root: Value): Iterable<StorageRef> {
  const seen = new Set<Value>();
  const waiting: Value[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (value === null || typeof value !== "object" || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof StorageRef) yield value;
    else if (value instanceof TensorRef) waiting.push(value.storage);
    else if (value instanceof Dict) pushAll(waiting, [value.attributes, ...value.entries.values()]);
    else if (value instanceof SetOf) pushAll(waiting, value.items);
    else if (value instanceof Unknown) pushAll(waiting, value.parts);
    else if (Array.isArray(value)) pushAll(waiting, value);
  }
}

function pushAll(to: Value[], values: Iterable<Value>): void {
  for (const value of values) to.push(value);
}

class TorchFile implements Checkpoint {
  readonly names: readonly string[];
  readonly metadata: ReadonlyMap<string, string> = new Map();
  readonly extra: PlainMap;
  readonly opaque: readonly { readonly path: string; readonly global: string }[];
  private readonly tensors: ReadonlyMap<string, TensorRef>;

  constructor(
    private readonly bytes: ByteSource,
    readonly format: "torch" | "torch-legacy",
    { tensors, extra, opaque }: Layout,
    private readonly storages: ReadonlyMap<string, Stored>,
    private readonly fail: Fail,
  ) {
    this.tensors = tensors;
    this.extra = extra;
    this.opaque = opaque;
    const places = new Map([...tensors].map(([name, tensor]) => [name, this.placeOf(tensor)]));
    this.names = [...tensors.keys()].sort((a, b) => places.get(a)! - places.get(b)!);
  }

  get source(): string {
    return this.bytes.name;
  }

  info(name: string): TensorInfo {
    const { shape, storage } = this.tensor(name);
    return { dtype: storage.dtype, shape };
  }

  async get(name: string, staging?: Staging): Promise<Tensor> {
    const { storage, offset, shape, strides } = this.tensor(name);
    const conversion = conversionOf(storage.dtype);
    if (!conversion) {
      return this.fail("CKPT_DTYPE", `tensor ${quoted(name)} holds ${storage.dtype}, which has no f32 value`);
    }
    const count = product(shape)!;
    const data = staging?.take(count) ?? new Float32Array(count);
    const begin = (await this.storages.get(storage.key)!.begin()) + storage.first * conversion.bytes;
    await gather(this.bytes, { begin, length: storage.length }, conversion, { offset, shape, strides }, data);
    return { data, shape };
  }

  close(): Promise<void> {
    return this.bytes.close();
  }

  /** Where a tensor's data begins in the file. */
  private placeOf({ storage, offset }: TensorRef): number {
    return this.storages.get(storage.key)!.place + (storage.first + offset) * bytesOf(storage.dtype);
  }

  private tensor(name: string): TensorRef {
    return this.tensors.get(name) ?? this.fail("CKPT_MISMATCH", `no tensor ${quoted(name)} in this file`);
  }
}
