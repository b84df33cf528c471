/**
 * Weights in NumPy's `.npz`: a zip of `.npy` files, stored (`np.savez`) or deflated (`np.savez_compressed`). Arrays of Python objects would
 * need code to be rebuilt and are refused.
 */

import type { Tensor } from "../base/tensor.js";
import { copyBytes } from "../io/source.js";
import type { ByteSource } from "../io/types.js";
import { type Conversion, conversionOf, readF32 } from "./convert.js";
import { type Fail, failer, product, quoted } from "./fail.js";
import { MAX_NPY_HEADER, parseNpyHeader, rowMajor } from "./npy.js";
import { checkCrc, openZip, type Zip, type ZipEntry } from "./torch/zip.js";
import { crc32 } from "./torch/zip-write.js";
import type { Checkpoint, PlainMap, Staging, TensorInfo } from "./types.js";

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

interface Member extends TensorInfo {
  readonly entry: ZipEntry;
  /** Bytes of the `.npy` header, and their checksum, which that of the data goes on from. */
  readonly header: number;
  readonly headerCrc: number;
  readonly fortran: boolean;
}

/**
 * Opens an archive and reads the header of every array in it. Closes `source` where it fails.
 * @throws CheckpointError CKPT_ZIP, CKPT_TRUNCATED, CKPT_HEADER, CKPT_DTYPE, CKPT_OFFSETS, CKPT_LIMIT; FileError where reading fails
 */
export async function openNpz(source: ByteSource): Promise<Checkpoint> {
  const fail = failer(source.name);
  try {
    const zip = await openZip(source, fail, { deflated: true });
    const members = new Map<string, Member>();
    for (const entry of [...zip.entries.values()].sort((a, b) => a.offset - b.offset)) {
      if (!entry.name.endsWith(".npy")) fail("CKPT_FORMAT", `the member ${quoted(entry.name)} is no .npy file`);
      members.set(entry.name.slice(0, -".npy".length), await readMember(source, zip, entry, fail));
    }
    return new NpzFile(source, zip, members, fail);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readMember(source: ByteSource, zip: Zip, entry: ZipEntry, fail: Fail): Promise<Member> {
  const what = `the member ${quoted(entry.name)}`;
  const start = await contents(source, zip, entry, Math.min(entry.size, MAX_NPY_HEADER + 12), fail);
  const { descr, fortran, shape, dataStart } = parseNpyHeader(start, (why) => fail("CKPT_HEADER", `${what}: ${why}`));
  if (/O/.test(descr)) fail("CKPT_DTYPE", `${what} holds Python objects, which only code could rebuild`);
  const dtype = DTYPES.get(descr) ?? descr;
  const bytes = conversionOf(dtype)?.bytes;
  const wanted = bytes === undefined ? undefined : product([bytes, ...shape]);
  if (bytes !== undefined && wanted !== entry.size - dataStart) {
    fail(
      "CKPT_OFFSETS",
      `${what}: ${dtype} of shape [${shape}] needs ${wanted} bytes, it has ${entry.size - dataStart}`,
    );
  }
  const headerCrc = crc32(start.subarray(0, dataStart));
  return { dtype, shape, entry, header: dataStart, headerCrc, fortran };
}

/** The first `length` bytes of a member. */
async function contents(
  source: ByteSource,
  zip: Zip,
  entry: ZipEntry,
  length: number,
  fail: Fail,
): Promise<Uint8Array> {
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

class NpzFile implements Checkpoint {
  readonly format = "npz";
  readonly metadata: ReadonlyMap<string, string> = new Map();
  readonly extra: PlainMap = new Map();
  readonly opaque = [];
  readonly names: readonly string[];

  constructor(
    private readonly bytes: ByteSource,
    private readonly zip: Zip,
    private readonly members: ReadonlyMap<string, Member>,
    private readonly fail: Fail,
  ) {
    this.names = [...members.keys()];
  }

  get source(): string {
    return this.bytes.name;
  }

  info(name: string): TensorInfo {
    const { dtype, shape } = this.member(name);
    return { dtype, shape };
  }

  async get(name: string, staging?: Staging): Promise<Tensor> {
    const member = this.member(name);
    const { dtype, shape, fortran } = member;
    const conversion = conversionOf(dtype);
    if (!conversion)
      return this.fail("CKPT_DTYPE", `tensor ${quoted(name)} holds ${dtype}, from which no weights are read`);
    const count = product(shape)!;
    const data = staging?.take(count) ?? new Float32Array(count);
    if (fortran) {
      const numbers = new Float32Array(count);
      conversion.toF32(await this.data(member), numbers);
      rowMajor(numbers, shape, data);
    } else if (member.entry.deflated) conversion.toF32(await this.data(member), data);
    else await this.stored(member, conversion, data);
    return { data, shape };
  }

  /** Reads a stored member's numbers; the checksum is taken of its bytes as they come. */
  private async stored(member: Member, conversion: Conversion, out: Float32Array): Promise<void> {
    const { entry, header, headerCrc } = member;
    let crc = headerCrc;
    const start = (await this.zip.dataStart(entry)) + header;
    await readF32(this.bytes, start, conversion, out, (bytes) => {
      crc = crc32(bytes, crc);
    });
    checkCrc(entry, crc, this.fail);
  }

  /** The bytes behind a member's header, whose checksum is right. */
  private async data({ entry, header, headerCrc }: Member): Promise<Uint8Array> {
    if (entry.deflated) {
      return (await contents(this.bytes, this.zip, entry, entry.size, this.fail)).subarray(header);
    }
    const bytes = await this.bytes.read((await this.zip.dataStart(entry)) + header, entry.size - header);
    checkCrc(entry, crc32(bytes, headerCrc), this.fail);
    return bytes;
  }

  close(): Promise<void> {
    return this.bytes.close();
  }

  private member(name: string): Member {
    return this.members.get(name) ?? this.fail("CKPT_MISMATCH", `no tensor ${quoted(name)} in this file`);
  }
}
