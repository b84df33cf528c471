/** Forges checkpoints: pickles by their operations, and zip archives every field of which can lie. */

import { crc32 } from "../sdk/io/crc32.js";
import { latin1 } from "./helpers.js";

const u16 = (n: number) => String.fromCharCode(n & 255, (n >> 8) & 255);
const u32 = (n: number) => u16(n & 0xffff) + u16(Math.floor(n / 2 ** 16) & 0xffff);
const u64 = (n: bigint) => u32(Number(BigInt.asUintN(32, n))) + u32(Number(BigInt.asUintN(32, n >> 32n)));

// Pickles, as texts of Latin-1.

export const text = (value: string) => {
  const bytes = String.fromCharCode(...new TextEncoder().encode(value));
  return `X${u32(bytes.length)}${bytes}`;
};
export const int = (n: number | bigint): string => {
  if (typeof n === "number" && n >= -(2 ** 31) && n < 2 ** 31) return `J${u32(n < 0 ? n + 2 ** 32 : n)}`;
  return `\x8a\x10${u64(BigInt(n))}${u64(BigInt(n) < 0n ? -1n : BigInt(n) >> 64n)}`;
};
export const name = (module: string, member: string) => `c${module}\n${member}\n`;
export const tuple = (...items: string[]) => `(${items.join("")}t`;
export const list = (...items: string[]) => `](${items.join("")}e`;
export const dict = (...pairs: (readonly [string, string])[]) =>
  `}(${pairs.map(([key, value]) => text(key) + value).join("")}u`;
export const call = (target: string, ...args: string[]) => `${target}${tuple(...args)}R`;
export const pickle = (body: string, protocol = 2) => `\x80${String.fromCharCode(protocol)}${body}.`;

export const EMPTY = `${name("collections", "OrderedDict")})R`;
export const ordered = (...pairs: (readonly [string, string])[]) =>
  `${EMPTY}(${pairs.map(([key, value]) => text(key) + value).join("")}u`;

export const persistent = (...items: string[]) => `${tuple(...items)}Q`;
export const storage = (key = "0", count: number | bigint = 6, type = "FloatStorage") =>
  persistent(text("storage"), name("torch", type), text(key), text("cpu"), int(count));

interface Forged {
  readonly from?: string;
  readonly offset?: number | bigint;
  readonly shape?: readonly (number | bigint)[];
  readonly strides?: readonly (number | bigint)[];
  readonly hooks?: string;
}

/** A tensor [2,3] of storage 0, which has 6 elements, unless told else. */
export const tensor = ({
  from = storage(),
  offset = 0,
  shape = [2, 3],
  strides = [3, 1],
  hooks = EMPTY,
}: Forged = {}) =>
  call(
    name("torch._utils", "_rebuild_tensor_v2"),
    from,
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    "\x89",
    hooks,
  );

// Archives.

export interface Forgery {
  readonly name: string;
  readonly data: string;
  readonly method?: number;
  /** Bytes that deflated data unpacks to. */
  readonly plain?: number;
  readonly flags?: number;
  /** What the local header says instead. */
  readonly local?: {
    readonly name?: string;
    readonly flags?: number;
    readonly method?: number;
    readonly size?: number;
    readonly crc?: number;
  };
  /** What the directory says instead. */
  readonly size?: number;
  readonly packed?: number;
  readonly crc?: number;
  readonly offset?: number;
  readonly extra?: string;
}

interface End {
  readonly count?: number;
  readonly size?: number;
  readonly start?: number;
  readonly comment?: string;
  /** Stands between the directory and the end record: zip64 records. */
  readonly before?: (start: number, size: number, count: number) => string;
  readonly behind?: string;
}

/** A zip archive that is right but for what its parts say else. */
export function zip(members: readonly Forgery[], end: End = {}): Uint8Array<ArrayBuffer> {
  let body = "";
  let directory = "";
  for (const member of members) {
    const { data, method = 0, flags = 0x0800, local = {}, extra = "" } = member;
    const crc = member.crc ?? crc32(latin1(data));
    const offset = member.offset ?? body.length;
    const localName = local.name ?? member.name;
    body += `PK\x03\x04${u16(0)}${u16(local.flags ?? flags)}${u16(local.method ?? method)}${u32(0)}${u32(local.crc ?? crc)}`;
    body += `${u32(local.size ?? data.length)}${u32(local.size ?? member.plain ?? data.length)}${u16(localName.length)}${u16(0)}${localName}${data}`;
    const size = member.size ?? member.plain ?? data.length;
    const packed = member.packed ?? member.size ?? data.length;
    directory += `PK\x01\x02${u16(0)}${u16(0)}${u16(flags)}${u16(method)}${u32(0)}${u32(crc)}${u32(packed)}${u32(size)}`;
    directory += `${u16(member.name.length)}${u16(extra.length)}${u16(0)}${u16(0)}${u16(0)}${u32(0)}${u32(offset)}${member.name}${extra}`;
  }
  const [start, size, count] = [end.start ?? body.length, end.size ?? directory.length, end.count ?? members.length];
  const { comment = "", before = () => "", behind = "" } = end;
  const last = `PK\x05\x06${u32(0)}${u16(count)}${u16(count)}${u32(size)}${u32(start)}${u16(comment.length)}${comment}`;
  return latin1(body + directory + before(body.length, directory.length, members.length) + last + behind);
}

/** zip64 records that say what they are told. */
export const zip64 = (start: bigint, size: bigint, count: bigint, recordAt: bigint) =>
  `PK\x06\x06${u64(44n)}${u16(0)}${u16(45)}${u32(0)}${u32(0)}${u64(count)}${u64(count)}${u64(size)}${u64(start)}` +
  `PK\x06\x07${u32(0)}${u64(recordAt)}${u32(1)}`;

export const extra64 = (...numbers: bigint[]) => `${u16(1)}${u16(8 * numbers.length)}${numbers.map(u64).join("")}`;

/** The bytes of the 6 elements of storage 0. */
export const SIX = "\0\0\x80?".repeat(6);

/** torch's archive of a pickle and storage 0; `change` may put other members in their place. */
export function archive(root: string, change: (members: Forgery[]) => readonly Forgery[] = (m) => m, end: End = {}) {
  const members = [
    { name: "archive/data.pkl", data: root },
    { name: "archive/data/0", data: SIX },
    { name: "archive/version", data: "3\n" },
  ];
  return zip(change(members), end);
}

/** A checkpoint whose weights are these, with these keys beside them. */
export const checkpoint = (weights: readonly (readonly [string, string])[], ...more: (readonly [string, string])[]) =>
  pickle(dict(["state_dict", ordered(...weights)], ...more));

interface LegacyParts {
  readonly magic?: string;
  readonly protocol?: number;
  readonly little?: boolean;
  readonly keys?: readonly string[];
  readonly tail?: string;
}

/** The stream of torch < 1.6. */
export function legacy(body: string, { magic, protocol = 1001, little = true, keys = ["0"], tail }: LegacyParts = {}) {
  const system = dict(["protocol_version", int(1001)], ["little_endian", little ? "\x88" : "\x89"]);
  const head = magic ?? pickle("\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19");
  const parts = [head, pickle(int(protocol)), pickle(system), body, pickle(list(...keys.map(text)))];
  return latin1(parts.join("") + (tail ?? `${u64(6n)}${SIX}`));
}
