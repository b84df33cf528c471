/** Reads what stands behind the opcodes of a pickle: numbers, texts, bytes and lines, never beyond the end. */

import { type Fail, utf8 } from "../fail.js";

export const MAX_PICKLE = 2 ** 26;
const MAX_WORK = 1_000_000;
const MAX_NAME = 1000;
const MAX_INTEGER_BYTES = 256;

/** The bytes ended inside the pickle. */
export class EndOfPickle extends Error {}

export class Reader {
  at = 0;
  private readonly view: DataView;
  private work = 0;

  constructor(
    private readonly bytes: Uint8Array,
    readonly fail: Fail,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  malformed(what: string): never {
    return this.fail("CKPT_PICKLE", `malformed pickle: ${what}`);
  }

  /** Counts what an operation costs, so that short pickles cannot ask for long work. */
  charge(cost: number): void {
    this.work += cost;
    if (this.work > MAX_WORK) this.fail("CKPT_LIMIT", `a pickle of more than ${MAX_WORK} operations`);
  }

  /** Passes over `length` bytes; gives where they begin. */
  take(length: number): number {
    const start = this.at;
    if (!(start + length <= this.bytes.length)) throw new EndOfPickle();
    this.at = start + length;
    return start;
  }

  u8 = () => this.view.getUint8(this.take(1));
  u16 = () => this.view.getUint16(this.take(2), true);
  u32 = () => this.view.getUint32(this.take(4), true);
  i32 = () => this.view.getInt32(this.take(4), true);
  f64 = () => this.view.getFloat64(this.take(8));
  u64 = () => this.view.getBigUint64(this.take(8), true);

  raw(length: number | bigint): Uint8Array {
    if (length > MAX_PICKLE) this.malformed(`a length of ${length}`);
    const start = this.take(Number(length));
    return this.bytes.subarray(start, this.at);
  }

  text(length: number | bigint): string {
    return utf8(this.raw(length)) ?? this.malformed("a string that is not UTF-8");
  }

  latin1(length: number): string {
    return new TextDecoder("latin1").decode(this.raw(length));
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0 && this.bytes.length - this.at <= MAX_NAME) throw new EndOfPickle();
    if (end < 0 || end - this.at > MAX_NAME) this.malformed("a name without end");
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  /** A little-endian integer in two's complement. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) this.fail("CKPT_LIMIT", `an integer of ${length} bytes`);
    let value = 0n;
    for (const byte of this.raw(length).slice().reverse()) value = (value << 8n) | BigInt(byte);
    return exact(BigInt.asIntN(8 * length, value));
  }
}

/** As a number, where that is exact. */
export const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
