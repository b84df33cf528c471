/**
 * The stream that torch.save wrote before 1.6 (torch/serialization.py, `_legacy_save`): pickles of a magic number, the protocol, what the
 * machine was like, the data, and the keys of the storages; then each storage, its number of elements before it.
 */

import type { ByteSource } from "../../io/types.js";
import { bytesOf } from "../convert.js";
import { type Fail, quoted } from "../fail.js";
import { unpickle } from "./pickle.js";
import { EndOfPickle, MAX_PICKLE } from "./reader.js";
import { Dict, type StorageRef, type Stored, type Unpickled, type Value } from "./values.js";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Reads everything but the numbers. `storagesOf` lists the storages that the data refers to.
 * @throws CheckpointError CKPT_PICKLE, CKPT_LIMIT, CKPT_FORMAT, CKPT_OFFSETS, CKPT_TRUNCATED; FileError
 */
export async function readLegacy(
  source: ByteSource,
  storagesOf: (root: Value) => Iterable<StorageRef>,
  fail: Fail,
): Promise<Unpickled> {
  const { values, length } = await readPickles(source, fail);
  const [magic, protocol, system, root, keys] = values;
  if (magic !== MAGIC) fail("CKPT_FORMAT", "a Python pickle, but none that torch.save wrote");
  if (protocol !== PROTOCOL) fail("CKPT_FORMAT", "written in an unknown version of PyTorch's old format");
  if (system instanceof Dict && system.entries.get("little_endian") === false) {
    fail("CKPT_FORMAT", "written on a big-endian machine, which is not supported");
  }
  if (!Array.isArray(keys)) return fail("CKPT_PICKLE", "malformed pickle: the keys of the storages are no list");
  const wanted = byKey(storagesOf(root), fail);
  const storages = new Map<string, Stored>();
  let at = length;
  for (const key of keys as readonly Value[]) {
    const storage = typeof key === "string" ? wanted.get(key) : undefined;
    if (!storage || storages.has(storage.key)) {
      return fail("CKPT_PICKLE", `the storage ${quoted(String(key))} is listed, but no tensor or two times`);
    }
    const begin = at + 8;
    if (begin > source.size)
      fail("CKPT_TRUNCATED", `the file ends before storage ${quoted(storage.key)}; get it again`);
    const head = await source.read(at, 8);
    const count = new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, true);
    if (count !== BigInt(storage.count)) {
      fail("CKPT_OFFSETS", `storage ${quoted(storage.key)}: ${storage.count} elements declared, ${count} stored`);
    }
    const end = begin + storage.count * bytesOf(storage.dtype);
    if (!(end <= source.size))
      fail("CKPT_TRUNCATED", `storage ${quoted(storage.key)} ends at ${end} of ${source.size} bytes`);
    storages.set(storage.key, { place: begin, begin: async () => begin });
    at = end;
  }
  for (const key of wanted.keys())
    if (!storages.has(key)) fail("CKPT_TRUNCATED", `storage ${quoted(key)} is not in the file`);
  if (at !== source.size) fail("CKPT_OFFSETS", `${source.size - at} bytes at the end belong to no tensor`);
  return { root, storages };
}

/** All references to a storage must agree on its type and size. */
function byKey(storages: Iterable<StorageRef>, fail: Fail): Map<string, StorageRef> {
  const found = new Map<string, StorageRef>();
  for (const storage of storages) {
    const { key, dtype, count } = storage;
    const other = found.get(key) ?? storage;
    if (other.dtype !== dtype || other.count !== count) {
      fail(
        "CKPT_OFFSETS",
        `storage ${quoted(key)} is ${other.count} ${other.dtype} in one place and ${count} ${dtype} in another`,
      );
    }
    found.set(key, storage);
  }
  return found;
}

/** The five pickles at the file's beginning, whose length is nowhere written: more is read until they are whole. */
async function readPickles(source: ByteSource, fail: Fail): Promise<{ values: Value[]; length: number }> {
  for (let size = 2 ** 20; ; size *= 8) {
    const bytes = await source.read(0, Math.min(size, source.size));
    try {
      const values: Value[] = [];
      let at = 0;
      for (let i = 0; i < 5; i++) {
        const { value, length } = unpickle(bytes.subarray(at), fail);
        values.push(value);
        at += length;
        // What follows may be anything but a checkpoint.
        if (i === 0 && value !== MAGIC) return { values, length: at };
      }
      return { values, length: at };
    } catch (error) {
      if (!(error instanceof EndOfPickle)) throw error;
      if (size >= source.size)
        fail("CKPT_TRUNCATED", "the file ends inside its description of the tensors; get it again");
      if (size >= MAX_PICKLE) fail("CKPT_LIMIT", `a pickle of more than ${MAX_PICKLE} bytes`);
    }
  }
}
