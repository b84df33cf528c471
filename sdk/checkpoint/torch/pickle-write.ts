/** Writes pickles of protocol 2 with nothing but data and torch's own tensors, the part that `torch.load(weights_only=True)` reads. */

import { OptionError } from "../../../gpu/errors.js";
import { sizeOf } from "../../base/tensor.js";
import { joined, type TensorHeader } from "../encode.js";
import type { Plain } from "../types.js";

const STORAGE = { F32: "FloatStorage", F16: "HalfStorage", BF16: "BFloat16Storage" } as const;

/** `{"meta": meta, "state_dict": OrderedDict(name -> tensor)}`; the storages have the tensors' numbers as keys. */
export function pickleCheckpoint(tensors: readonly TensorHeader[], meta: Plain): Uint8Array {
  const writer = new Writer();
  writer.ascii("\x80\x02}(");
  writer.plain("meta", 0);
  writer.plain(meta, 0);
  writer.plain("state_dict", 0);
  writer.ascii("ccollections\nOrderedDict\n)R(");
  for (const [key, { name, shape, dtype }] of tensors.entries()) {
    const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
    writer.plain(name, 0);
    writer.ascii("ctorch._utils\n_rebuild_tensor_v2\n((");
    writer.plain("storage", 0);
    writer.ascii(`ctorch\n${STORAGE[dtype]}\n`);
    writer.plain(String(key), 0);
    writer.plain("cpu", 0);
    writer.plain(sizeOf(shape), 0);
    writer.ascii("tQK\0(");
    for (const n of shape) writer.plain(n, 0);
    writer.ascii("t(");
    for (const n of strides) writer.plain(n, 0);
    writer.ascii("t\x89ccollections\nOrderedDict\n)RtR");
  }
  writer.ascii("uu.");
  return joined(writer.parts);
}

const MAX_DEPTH = 256;

class Writer {
  readonly parts: Uint8Array[] = [];

  ascii(text: string): void {
    this.parts.push(Uint8Array.from(text, (char) => char.charCodeAt(0)));
  }

  plain(value: Plain, depth: number): void {
    if (depth > MAX_DEPTH) throw new OptionError("OPT_VALUE", `meta is nested deeper than ${MAX_DEPTH}`);
    if (value === null) this.ascii("N");
    else if (typeof value === "boolean") this.ascii(value ? "\x88" : "\x89");
    else if (typeof value === "number" && !Number.isSafeInteger(value))
      this.operation(0x47, 8, (view) => view.setFloat64(0, value));
    else if (typeof value === "number") this.integer(value);
    else if (typeof value === "bigint") this.long(value);
    else if (typeof value === "string") this.text(value);
    else if (value instanceof Map) this.dict(value, depth);
    else if (Array.isArray(value)) this.list(value, depth);
    else throw new OptionError("OPT_VALUE", "meta holds a value that only code could rebuild; leave it out");
  }

  private dict(map: ReadonlyMap<Plain, Plain>, depth: number): void {
    this.ascii("}(");
    for (const [key, item] of map) {
      this.plain(key, depth + 1);
      this.plain(item, depth + 1);
    }
    this.ascii("u");
  }

  private list(items: readonly Plain[], depth: number): void {
    this.ascii("](");
    for (const item of items) this.plain(item, depth + 1);
    this.ascii("e");
  }

  /** An operation with `width` bytes behind it. */
  private operation(opcode: number, width: number, set: (view: DataView) => void): void {
    const bytes = new Uint8Array(1 + width);
    bytes[0] = opcode;
    set(new DataView(bytes.buffer, 1));
    this.parts.push(bytes);
  }

  private integer(value: number): void {
    if (value >= 0 && value < 256) this.parts.push(Uint8Array.of(0x4b, value));
    else if (value >= -(2 ** 31) && value < 2 ** 31) {
      this.operation(0x4a, 4, (view) => view.setInt32(0, value, true));
    } else this.long(BigInt(value));
  }

  /** Little-endian, in two's complement. */
  private long(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    do {
      bytes.push(Number(BigInt.asUintN(8, rest)));
      rest >>= 8n;
    } while (!((rest === 0n && bytes[bytes.length - 1] < 128) || (rest === -1n && bytes[bytes.length - 1] >= 128)));
    if (bytes.length > 255) throw new OptionError("OPT_VALUE", "meta holds an integer of more than 255 bytes");
    this.parts.push(Uint8Array.of(0x8a, bytes.length, ...bytes));
  }

  private text(value: string): void {
    const text = new TextEncoder().encode(value);
    this.operation(0x58, 4, (view) => view.setUint32(0, text.length, true));
    this.parts.push(text);
  }
}
