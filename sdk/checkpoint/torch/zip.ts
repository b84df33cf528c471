/**
 * Zip archives of stored members (PKWARE APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), as PyTorch writes
 * them, and on request of deflated ones, as NumPy does; zip64 included. Everything in which readers of zip are known to differ is refused: what this reader sees is what all see.
 */

import { crc32 } from "../../io/crc32.js";
import type { ByteSource } from "../../io/types.js";
import { type Fail, quoted, utf8 } from "../fail.js";

export interface ZipEntry {
  readonly name: string;
  /** Bytes of its data, as they lie in the archive and unpacked. */
  readonly packed: number;
  readonly size: number;
  readonly deflated: boolean;
  readonly crc: number;
  readonly flags: number;
  /** Where its local header begins. */
  readonly offset: number;
}

export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Where the data of a member begins, once its local header agrees with the directory. @throws CheckpointError CKPT_ZIP */
  dataStart(entry: ZipEntry): Promise<number>;
  /** The whole of a stored member, whose checksum must be right. @throws CheckpointError CKPT_ZIP */
  read(entry: ZipEntry): Promise<Uint8Array>;
}

const MAX_ENTRIES = 200_000;
const MAX_DIRECTORY = 2 ** 26;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;

const ENCRYPTED = 0x0001;
/** The only method beside 0, stored, that is read where it is asked for. */
const DEFLATE = 8;
const METHODS: Readonly<Record<number, string>> = {
  8: "deflate",
  9: "deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
};
/** Two bits stand for at most 258 bytes: nothing unpacks to more times its size. */
const MAX_RATIO = 1032;
/** The sizes follow the data once more. */
const DESCRIPTOR = 0x0008;
/** Beside the descriptor's, the one for names in UTF-8. */
const ALLOWED_FLAGS = 0x0808;
/** How hard the writer tried, which some say of stored members too. */
const LEVEL = 0x0006;

/**
 * Reads an archive's directory. @throws CheckpointError CKPT_TRUNCATED if there is none, CKPT_ZIP, CKPT_LIMIT; FileError
 */
export async function openZip(source: ByteSource, fail: Fail, { deflated = false } = {}): Promise<Zip> {
  const { start, size, count, end } = await findDirectory(source, fail);
  if (count > MAX_ENTRIES || size > MAX_DIRECTORY) fail("CKPT_LIMIT", `an archive with ${count} members`);
  if (start + size !== end) {
    fail("CKPT_ZIP", `the archive's directory claims bytes ${start} to ${start + size}, but it must end at ${end}`);
  }
  const entries = readEntries(await source.read(start, size), count, deflated, fail);
  checkOverlaps(entries, start, fail);
  return {
    entries: new Map(entries.map((entry) => [entry.name, entry])),
    dataStart: (entry) => dataStart(source, entry, fail),
    read: async (entry) => {
      const bytes = await source.read(await dataStart(source, entry, fail), entry.size);
      // PyTorch itself never looks, and writes 0 if checksums are off (`torch.serialization.set_crc32_options`).
      if (entry.crc !== 0) checkCrc(entry, crc32(bytes), fail);
      return bytes;
    },
  };
}

/** Compares the checksum of a member's data with the archive's. @throws CheckpointError CKPT_ZIP */
export function checkCrc({ name, crc }: ZipEntry, found: number, fail: Fail): void {
  const what = "has another checksum than the archive says: it was changed; get it again";
  if (found !== crc) fail("CKPT_ZIP", `the member ${quoted(name)} ${what}`);
}

interface Directory {
  readonly start: number;
  readonly size: number;
  readonly count: number;
  /** Where the records of the end begin. */
  readonly end: number;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The end record is the file's last bytes: a comment could hold a second one. */
async function findDirectory(source: ByteSource, fail: Fail): Promise<Directory> {
  const tail = await source.read(Math.max(0, source.size - 65_557), Math.min(source.size, 65_557));
  const at = tail.length - END_BYTES;
  const view = viewOf(tail);
  if (at < 0 || view.getUint32(at, true) !== 0x06054b50 || view.getUint16(at + 20, true) !== 0) {
    const text = new TextDecoder("latin1").decode(tail);
    // an end record that is whole lies further back only in a longer file
    if (text.lastIndexOf("PK\x05\x06") > at || !text.includes("PK\x05\x06"))
      fail("CKPT_TRUNCATED", "the archive's end is missing: the file is cut off; get it again");
    fail("CKPT_ZIP", "bytes behind the archive's end");
  }
  const record = source.size - END_BYTES;
  const [disk, directoryDisk, onDisk, count] = [4, 6, 8, 10].map((field) => view.getUint16(at + field, true));
  const [size, start] = [12, 16].map((field) => view.getUint32(at + field, true));
  const short = { disk, directoryDisk, onDisk, count, size, start };
  const wide = await readEnd64(source, record, short, fail);
  if (wide) return wide;
  if (disk !== 0 || directoryDisk !== 0 || onDisk !== count) fail("CKPT_ZIP", "an archive in several parts");
  return { start, size, count, end: record };
}

type Short = Record<"disk" | "directoryDisk" | "onDisk" | "count" | "size" | "start", number>;

/** The zip64 record, undefined if there is none. What the short record says besides has to be the same. */
async function readEnd64(source: ByteSource, end: number, short: Short, fail: Fail): Promise<Directory | undefined> {
  const saturated = short.count === 0xffff || short.size === 0xffffffff || short.start === 0xffffffff;
  const locatorAt = end - LOCATOR_BYTES;
  const locator = viewOf(await source.read(Math.max(0, locatorAt), Math.min(end, LOCATOR_BYTES)));
  if (locator.byteLength < LOCATOR_BYTES || locator.getUint32(0, true) !== 0x07064b50) {
    return saturated ? fail("CKPT_ZIP", "the archive's zip64 record is missing") : undefined;
  }
  const recordAt = locatorAt - END64_BYTES;
  if (recordAt < 0 || u64(locator, 8, fail) !== recordAt || locator.getUint32(16, true) > 1) {
    fail("CKPT_ZIP", "the archive's zip64 record is not where it must be");
  }
  const record = viewOf(await source.read(recordAt, END64_BYTES));
  const whole = record.getUint32(0, true) === 0x06064b50 && u64(record, 4, fail) === END64_BYTES - 12;
  const disks = [record.getUint32(16, true), record.getUint32(20, true), short.disk, short.directoryDisk];
  const [onDisk, count, size, start] = [24, 32, 40, 48].map((at) => u64(record, at, fail));
  const agrees =
    agree(short.onDisk, onDisk, 0xffff) &&
    agree(short.count, count, 0xffff) &&
    agree(short.size, size, 0xffffffff) &&
    agree(short.start, start, 0xffffffff);
  if (!whole || !agrees || onDisk !== count || disks.some((disk) => disk !== 0)) {
    fail("CKPT_ZIP", "the archive's two end records contradict each other");
  }
  return { start, size, count, end: recordAt };
}

const agree = (short: number, wide: number, saturated: number) => short === wide || short === saturated;

function u64(view: DataView, at: number, fail: Fail): number {
  const value = view.getBigUint64(at, true);
  if (value > Number.MAX_SAFE_INTEGER) fail("CKPT_ZIP", `the archive claims a size or an offset of ${value}`);
  return Number(value);
}

function readEntries(bytes: Uint8Array, count: number, deflated: boolean, fail: Fail): ZipEntry[] {
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
      fail("CKPT_ZIP", `the archive's directory ends after ${i} of ${count} members`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const extraAt = at + CENTRAL_BYTES + nameBytes;
    const next = extraAt + extraBytes + commentBytes;
    if (next > bytes.length) fail("CKPT_ZIP", "the archive's directory is cut off");
    const name = readName(bytes.subarray(at + CENTRAL_BYTES, extraAt), fail);
    if (names.has(name)) fail("CKPT_ZIP", `the member ${quoted(name)} occurs twice`);
    names.add(name);
    const extra = viewOf(bytes.subarray(extraAt, extraAt + extraBytes));
    entries.push(readEntry(name, viewOf(bytes.subarray(at, extraAt)), extra, deflated, fail));
    at = next;
  }
  if (at !== bytes.length) fail("CKPT_ZIP", "the archive's directory holds more than its members");
  return entries;
}

/** A relative path that stays below its folder on every system. */
function readName(bytes: Uint8Array, fail: Fail): string {
  const name = utf8(bytes) ?? fail("CKPT_ZIP", "a member's name is not UTF-8 text");
  // A folder's own entry ends in a slash.
  const parts = name.replace(/\/$/, "").split("/");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\\\x00-\x1f]|^[a-zA-Z]:/.test(name) || parts.some((part) => part === "" || part === "." || part === "..")) {
    fail("CKPT_ZIP", `the member name ${quoted(name)} leads out of the archive`);
  }
  return name;
}

function readEntry(name: string, view: DataView, extra: DataView, deflated: boolean, fail: Fail): ZipEntry {
  const [flags, method, disk] = [8, 10, 34].map((field) => view.getUint16(field, true));
  const what = `the member ${quoted(name)}`;
  if (flags & ENCRYPTED) fail("CKPT_ZIP", `${what} is encrypted`);
  if (method !== 0 && !(deflated && method === DEFLATE)) {
    const how = `${what} is compressed by ${METHODS[method] ?? `method ${method}`}`;
    const fix = deflated
      ? "only deflate is read: save it with numpy.savez_compressed"
      : "PyTorch stores: unpack it and save it with torch.save";
    fail("CKPT_ZIP", `${how}; ${fix}`);
  }
  if (flags & ~(deflated ? ALLOWED_FLAGS | LEVEL : ALLOWED_FLAGS))
    fail("CKPT_ZIP", `${what} has flags 0x${flags.toString(16)}, which PyTorch and NumPy never set`);
  const isDeflated = deflated && method === DEFLATE;
  const [crc, packedBytes, plainBytes, headerAt] = [16, 20, 24, 42].map((field) => view.getUint32(field, true));
  const [size, packed, offset] = widen([plainBytes, packedBytes, headerAt], extra, what, fail);
  if (size > packed * (isDeflated ? MAX_RATIO : 1) || (size < packed && !isDeflated) || disk !== 0)
    fail("CKPT_ZIP", `${what} has ${packed} bytes that unpack to ${size}`);
  if (name.endsWith("/") && size > 0) fail("CKPT_ZIP", `${what} is a folder of ${size} bytes`);
  return { name, packed, size, deflated: isDeflated, crc, flags, offset };
}

/** Numbers of 32 bits; those that are saturated stand in the zip64 extra field, in this order and nothing else. */
function widen(short: readonly number[], extra: DataView, what: string, fail: Fail): number[] {
  const field = findExtra(extra, what, fail);
  const wide = short.filter((n) => n === 0xffffffff).length;
  if ((field?.byteLength ?? 0) !== 8 * wide)
    fail("CKPT_ZIP", `${what} has a zip64 field of another length than needed`);
  let at = 0;
  return short.map((n) => {
    if (n !== 0xffffffff || !field) return n;
    at += 8;
    return u64(field, at - 8, fail);
  });
}

function findExtra(extra: DataView, what: string, fail: Fail): DataView | undefined {
  let found: DataView | undefined;
  for (let at = 0; at < extra.byteLength; ) {
    const length = at + 4 <= extra.byteLength ? extra.getUint16(at + 2, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > extra.byteLength) fail("CKPT_ZIP", `${what} has a malformed extra field`);
    if (extra.getUint16(at, true) === 1) {
      if (found) fail("CKPT_ZIP", `${what} has two zip64 fields`);
      found = new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    }
    at += 4 + length;
  }
  return found;
}

/** Each member, with the smallest header that it can have, ends before the next begins. */
function checkOverlaps(entries: readonly ZipEntry[], directory: number, fail: Fail): void {
  const sorted = [...entries].sort((a, b) => a.offset - b.offset);
  for (const [i, { name, offset, packed }] of sorted.entries()) {
    const next = sorted[i + 1]?.offset ?? directory;
    const end = offset + LOCAL_BYTES + new TextEncoder().encode(name).length + packed;
    if (!(end <= next)) fail("CKPT_ZIP", `the member ${quoted(name)} ends at ${end}, inside what begins at ${next}`);
  }
}

/** The local header repeats the directory: a reader that trusts the one must not see another file than one that trusts the other. */
async function dataStart(source: ByteSource, entry: ZipEntry, fail: Fail): Promise<number> {
  const { name, offset, packed, size, deflated, crc, flags } = entry;
  const wanted = new TextEncoder().encode(name);
  const header = await source.read(offset, Math.min(LOCAL_BYTES + wanted.length, source.size - offset));
  const view = viewOf(header);
  const differs = (what: string) =>
    fail("CKPT_ZIP", `the member ${quoted(name)}: its ${what} differs from the directory's`);
  if (header.length < LOCAL_BYTES + wanted.length || view.getUint32(0, true) !== 0x04034b50) differs("header");
  if (view.getUint16(26, true) !== wanted.length || wanted.some((byte, i) => byte !== header[LOCAL_BYTES + i]))
    differs("name");
  if (view.getUint16(6, true) !== flags || view.getUint16(8, true) !== (deflated ? DEFLATE : 0))
    differs("flags or method");
  const [localCrc, localPacked, localPlain] = [14, 18, 22].map((field) => view.getUint32(field, true));
  const later = (flags & DESCRIPTOR) !== 0;
  if (localCrc !== crc && !(later && localCrc === 0)) differs("checksum");
  // Saturated where the numbers follow in a zip64 field.
  const agrees = (local: number, listed: number) => agree(local, listed, 0xffffffff) || (later && local === 0);
  if (!agrees(localPacked, packed) || !agrees(localPlain, size)) differs("size");
  const start = offset + LOCAL_BYTES + wanted.length + view.getUint16(28, true);
  if (start + packed > source.size) differs("end");
  return start;
}
