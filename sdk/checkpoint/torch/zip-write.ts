/**
 * Writes zip archives of stored members as PyTorch does: data aligned to 64 bytes, checksums and sizes behind the data, zip64 records. Dates
 * are zero, so that the same tensors give the same bytes.
 */

import { crc32 } from "../../io/crc32.js";

const ALIGN = 64;
const LIMIT = 0xffffffff;
/** Sizes behind the data, names in UTF-8. */
const FLAGS = 0x0808;

/** A little-endian record: `widths` has a digit for each field, its bytes. */
function record(widths: string, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array([...widths].reduce((sum, width) => sum + Number(width), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [i, value] of values.entries()) {
    const width = Number(widths[i]);
    if (width === 8) view.setBigUint64(at, BigInt(value), true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setUint16(at, value, true);
    at += width;
  }
  return bytes;
}

interface Member {
  readonly name: Uint8Array;
  readonly size: number;
  readonly offset: number;
  crc: number;
}

/** Gives the bytes round each member's data; the caller writes everything in this order. */
export class ZipWriter {
  private at = 0;
  private readonly members: Member[] = [];

  /** What stands before `size` bytes of data. */
  begin(path: string, size: number): Uint8Array[] {
    const name = new TextEncoder().encode(path);
    this.members.push({ name, size, offset: this.at, crc: 0 });
    const bare = this.at + 30 + name.length + 4;
    const padding = (ALIGN - (bare % ALIGN)) % ALIGN;
    const extra = new Uint8Array(4 + padding).fill(0x5a, 4);
    extra.set(record("22", 0x4246, padding));
    const fixed = record("4222444422", 0x04034b50, 0, FLAGS, 0, 0, 0, 0, 0, name.length, extra.length);
    this.at = bare + padding + size;
    return [fixed, name, extra];
  }

  /** What stands behind the data, whose checksum is `crc`. */
  end(crc: number): Uint8Array {
    const member = this.members[this.members.length - 1];
    member.crc = crc;
    const width = member.size >= LIMIT || member.offset >= LIMIT ? 8 : 4;
    const descriptor = record(`44${width}${width}`, 0x08074b50, crc, member.size, member.size);
    this.at += descriptor.length;
    return descriptor;
  }

  /** A member of these bytes, with what stands before and behind them. */
  member(path: string, bytes: Uint8Array): Uint8Array[] {
    return [...this.begin(path, bytes.length), bytes, this.end(crc32(bytes))];
  }

  /** The directory. */
  finish(): Uint8Array[] {
    const parts = this.members.flatMap(central);
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const [start, count] = [this.at, this.members.length];
    const wide = record("4822448888", 0x06064b50, 44, 0x031e, 45, 0, 0, count, count, size, start);
    const locator = record("4484", 0x07064b50, 0, start + size, 1);
    const few = Math.min(count, 0xffff);
    const short = [Math.min(size, LIMIT), Math.min(start, LIMIT)];
    return [...parts, wide, locator, record("42222442", 0x06054b50, 0, 0, few, few, ...short, 0)];
  }
}

function central({ name, size, offset, crc }: Member): Uint8Array[] {
  const wide = [size, size, offset].filter((n) => n >= LIMIT);
  const extra =
    wide.length > 0 ? record(`22${"8".repeat(wide.length)}`, 1, 8 * wide.length, ...wide) : new Uint8Array(0);
  const [short, place] = [Math.min(size, LIMIT), Math.min(offset, LIMIT)];
  const version = wide.length > 0 ? 45 : 0;
  const sizes = [short, short, name.length, extra.length];
  const before = [0x02014b50, version, version, FLAGS, 0, 0, crc];
  return [record("4222244442222244", ...before, ...sizes, 0, 0, 0, 0, place), name, extra];
}
