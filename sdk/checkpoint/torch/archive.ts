/** The zip that torch.save writes since 1.6: a folder with data.pkl, a member for each storage, and the byte order of both. */

import type { ByteSource } from "../../io/types.js";
import { bytesOf } from "../convert.js";
import { type Fail, quoted } from "../fail.js";
import { unpickle } from "./pickle.js";
import { EndOfPickle, MAX_PICKLE } from "./reader.js";
import type { StorageRef, Stored, Unpickled, Value } from "./values.js";
import { openZip, type Zip, type ZipEntry } from "./zip.js";

/**
 * Reads everything but the elements. Members without a reference are not read.
 * @throws CheckpointError CKPT_ZIP, CKPT_TRUNCATED, CKPT_FORMAT, CKPT_PICKLE, CKPT_LIMIT, CKPT_OFFSETS; FileError
 */
export async function readArchive(
  source: ByteSource,
  storagesOf: (root: Value) => Iterable<StorageRef>,
  fail: Fail,
): Promise<Unpickled> {
  const zip = await openZip(source, fail);
  const folder = folderOf(zip, fail);
  const member = (name: string) => zip.entries.get(`${folder}/${name}`);
  const order = member("byteorder");
  if (order && order.size > 100) fail("CKPT_FORMAT", `${quoted(order.name)} has ${order.size} bytes`);
  if (order && new TextDecoder().decode(await zip.read(order)) !== "little") {
    fail("CKPT_FORMAT", "written on a big-endian machine, which is not supported");
  }
  const root = await rootOf(zip, member("data.pkl")!, fail);
  const storages = new Map<string, Stored>();
  for (const { key, count, dtype } of storagesOf(root)) {
    const entry = member(`data/${key}`) ?? fail("CKPT_TRUNCATED", `storage ${quoted(key)} is not in the file`);
    const bytes = count * bytesOf(dtype);
    if (bytes !== entry.size) {
      const need = `${count} elements of ${dtype} need ${bytes} bytes`;
      fail("CKPT_OFFSETS", `storage ${quoted(key)}: ${need}, it has ${entry.size}`);
    }
    storages.set(key, { place: entry.offset, begin: () => zip.dataStart(entry) });
  }
  return { root, storages };
}

function folderOf({ entries }: Zip, fail: Fail): string {
  const found = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (found.length > 1)
    fail("CKPT_ZIP", `the archive holds several checkpoints: ${found.slice(0, 4).map(quoted).join(", ")}`);
  if (found.length === 0)
    fail("CKPT_FORMAT", "this is a zip archive, but none that torch.save wrote: it has no data.pkl");
  return found[0].slice(0, -"/data.pkl".length);
}

async function rootOf(zip: Zip, entry: ZipEntry, fail: Fail): Promise<Value> {
  if (entry.size > MAX_PICKLE) fail("CKPT_LIMIT", `a pickle of ${entry.size} bytes, at most ${MAX_PICKLE} are read`);
  const bytes = await zip.read(entry);
  try {
    const { value, length } = unpickle(bytes, fail);
    if (length !== bytes.length) fail("CKPT_PICKLE", `malformed pickle: ${bytes.length - length} bytes behind its end`);
    return value;
  } catch (error) {
    if (error instanceof EndOfPickle) fail("CKPT_PICKLE", "malformed pickle: it has no end");
    throw error;
  }
}
