/**
 * Writes zip archives of stored members as PyTorch does: data aligned to 64 bytes, checksums and sizes behind the data, zip64 records. Dates
 * are zero, so that the same tensors give the same bytes.
 */

const ALIGN = 64;
const LIMIT = 0xffffffff;
/** Sizes behind the data, names in UTF-8. */
const FLAGS = 0x0808;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 (ISO 3309) of bytes, which go on from those with the checksum `crc`. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  let c = ~crc;
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return ~c >>> 0;
}

/** A little-endian record of fields `[bytes, value]`. */
function record(...fields: readonly (readonly [1 | 2 | 4 | 8, number])[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 8) view.setBigUint64(at, BigInt(value), true);
    else if (width === 4) view.setUint32(at, value, true);
    else if (width === 2) view.setUint16(at, value, true);
    else view.setUint8(at, value);
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
    extra.set(record([2, 0x4246], [2, padding]));
    const fixed = record(
      [4, 0x04034b50],
      [2, 0],
      [2, FLAGS],
      [2, 0],
      [4, 0],
      [4, 0],
      [4, 0],
      [4, 0],
      [2, name.length],
      [2, extra.length],
    );
    this.at = bare + padding + size;
    return [fixed, name, extra];
  }

  /** What stands behind the data, whose checksum is `crc`. */
  end(crc: number): Uint8Array {
    const member = this.members[this.members.length - 1];
    member.crc = crc;
    const width = member.size >= LIMIT || member.offset >= LIMIT ? 8 : 4;
    const descriptor = record([4, 0x08074b50], [4, crc], [width, member.size], [width, member.size]);
    this.at += descriptor.length;
    return descriptor;
  }

  /** The directory. */
  finish(): Uint8Array[] {
    const parts = this.members.flatMap(central);
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const [start, count] = [this.at, this.members.length];
    const wide = record(
      [4, 0x06064b50],
      [8, 44],
      [2, 0x031e],
      [2, 45],
      [4, 0],
      [4, 0],
      [8, count],
      [8, count],
      [8, size],
      [8, start],
    );
    const locator = record([4, 0x07064b50], [4, 0], [8, start + size], [4, 1]);
    const few = Math.min(count, 0xffff);
    const short = [Math.min(size, LIMIT), Math.min(start, LIMIT)];
    return [
      ...parts,
      wide,
      locator,
      record([4, 0x06054b50], [4, 0], [2, few], [2, few], [4, short[0]], [4, short[1]], [2, 0]),
    ];
  }
}

function central({ name, size, offset, crc }: Member): Uint8Array[] {
  const wide = [size, size, offset].filter((n) => n >= LIMIT);
  const extra =
    wide.length > 0 ? record([2, 1], [2, 8 * wide.length], ...wide.map((n) => [8, n] as const)) : new Uint8Array(0);
  const [short, place] = [Math.min(size, LIMIT), Math.min(offset, LIMIT)];
  const version = wide.length > 0 ? 45 : 0;
  const fixed = record(
    ...([
      [4, 0x02014b50],
      [2, version],
      [2, version],
      [2, FLAGS],
      [2, 0],
      [4, 0],
      [4, crc],
      [4, short],
      [4, short],
    ] as const),
    ...([
      [2, name.length],
      [2, extra.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, place],
    ] as const),
  );
  return [fixed, name, extra];
}
