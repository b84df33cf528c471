/**
 * Weights in NumPy's `.npz`: a zip of `.npy` files, stored (`np.savez`) or deflated (`np.savez_compressed`). Arrays of Python objects would
 * need code to be rebuilt and are refused.
 */

import { crc32 } from "../io/crc32.js";
import { copyBytes } from "../io/source.js";
import type { ByteSource } from "../io/types.js";
import { conversionOf, readF32 } from "./convert.js";
import { type Fail, failer, product, quoted } from "./fail.js";
import { openFile, type Stored } from "./file.js";
import { MAX_NPY_HEADER, parseNpyHeader, rowMajor } from "./npy.js";
import { checkCrc, openZip, type Zip, type ZipEntry } from "./torch/zip.js";
import type { Checkpoint } from "./types.js";

/** NumPy's little-endian types as the other formats spell them. */
const DTYPES = new Map([
  ["<f4", "F32"],
  ["<f2", "F16"],
  ["<f8", "F64"],
  ["<i8", "I64"],
  ["<i4", "I32"],
  ["<i2", "I16"],
  ["|i1", "I8"],
  ["|u1", "U8"],
  ["|b1", "BOOL"],
]);

/**
 * Opens an archive and reads the header of every array in it. Closes `source` if it fails.
 * @throws CheckpointError CKPT_ZIP, CKPT_TRUNCATED, CKPT_HEADER, CKPT_DTYPE, CKPT_OFFSETS, CKPT_LIMIT; FileError if reading fails
 */
export function openNpz(source: ByteSource): Promise<Checkpoint> {
  const fail = failer(source.name);
  return openFile(source, "npz", async () => {
    const zip = await openZip(source, fail, { deflated: true });
    const tensors = new Map<string, Stored>();
    for (const entry of [...zip.entries.values()].sort((a, b) => a.offset - b.offset)) {
      if (!entry.name.endsWith(".npy")) fail("CKPT_FORMAT", `the member ${quoted(entry.name)} is no .npy file`);
      tensors.set(entry.name.slice(0, -".npy".length), await readMember(source, zip, entry, fail));
    }
    return { tensors };
  });
}

/** Reads the header of a member; its elements when they are wanted. */
async function readMember(source: ByteSource, zip: Zip, entry: ZipEntry, fail: Fail): Promise<Stored> {
  const what = `the member ${quoted(entry.name)}`;
  const start = await contents(source, zip, entry, Math.min(entry.size, MAX_NPY_HEADER + 12), fail);
  const { descr, fortran, shape, dataStart } = parseNpyHeader(start, (why) => fail("CKPT_HEADER", `${what}: ${why}`));
  if (/O/.test(descr)) fail("CKPT_DTYPE", `${what} holds Python objects, which only code could rebuild`);
  const dtype = DTYPES.get(descr) ?? descr;
  const bytes = conversionOf(dtype)?.bytes;
  const wanted = bytes === undefined ? undefined : product([bytes, ...shape]);
  const found = entry.size - dataStart;
  if (bytes !== undefined && wanted !== found) {
    fail("CKPT_OFFSETS", `${what}: ${dtype} of shape [${shape}] needs ${wanted} bytes, it has ${found}`);
  }
  const headerCrc = crc32(start.subarray(0, dataStart));

  /** A stored member's checksum is taken of its bytes as they come. */
  const stored: Stored["read"] = async (out, conversion) => {
    let crc = headerCrc;
    await readF32(source, (await zip.dataStart(entry)) + dataStart, conversion, out, (bytes) => {
      crc = crc32(bytes, crc);
    });
    checkCrc(entry, crc, fail);
  };
  const deflated: Stored["read"] = async (out, conversion) => {
    conversion.toF32((await contents(source, zip, entry, entry.size, fail)).subarray(dataStart), out);
  };
  const read = entry.deflated ? deflated : stored;
  if (!fortran) return { dtype, shape, read };
  const reordered: Stored["read"] = async (out, conversion) => {
    const columns = new Float32Array(out.length);
    await read(columns, conversion);
    rowMajor(columns, shape, out);
  };
  return { dtype, shape, read: reordered };
}

/** The first `length` bytes of a member. */
async function contents(source: ByteSource, zip: Zip, entry: ZipEntry, length: number, fail: Fail) {
  const start = await zip.dataStart(entry);
  if (!entry.deflated) return source.read(start, length);
  return inflate(await source.read(start, entry.packed), length, entry, fail);
}

/** The first `length` bytes of what `packed` unpacks to; where that is all, it has to end there and to have the archive's checksum. */
async function inflate(packed: Uint8Array, length: number, entry: ZipEntry, fail: Fail) {
  const { name, size } = entry;
  const out = new Uint8Array(length);
  const broken = (why: string) => fail("CKPT_ZIP", `the member ${quoted(name)} ${why}`);
  const reader = new Blob([copyBytes(packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const read = () => reader.read().catch(() => broken("does not unpack"));
  let at = 0;
  for (let part = await read(); !part.done; part = await read()) {
    if (length === size && at + part.value.length > size) broken(`unpacks to more than ${size} bytes`);
    out.set(part.value.subarray(0, length - at), at);
    at = Math.min(length, at + part.value.length);
    if (at < length || length === size) continue;
    await reader.cancel().catch(() => {});
    return out;
  }
  if (at < length) broken(`unpacks to ${at} of ${size} bytes`);
  checkCrc(entry, crc32(out), fail);
  return out;
}
