/** Attacks by the file round a pickle: zip archives, and torch's stream before 1.6. */

import { writeNpy } from "../sdk/checkpoint/npy.js";
import { crc32 } from "../sdk/io/crc32.js";
import { good, type Row, safe, system } from "./attacks-common.js";
import {
  archive,
  checkpoint,
  dict,
  extra64,
  int,
  legacy,
  name,
  ordered,
  persistent,
  pickle,
  SIX,
  storage,
  tensor,
  text,
  tuple,
  zip,
  zip64,
} from "./forge.js";
import { latin1 } from "./helpers.js";

const change = (index: number, more: object) => (members: object[]) =>
  members.map((member, i) => (i === index ? { ...member, ...more } : member)) as never;
const crcOf = (data: string) => crc32(latin1(data));
const ARRAY = String.fromCharCode(...writeNpy({ data: Uint8Array.of(1, 2), shape: [2] }));
const end64 = (start: number, size: number, count: number) =>
  zip64(BigInt(start), BigInt(size), BigInt(count), BigInt(start + size));
export const archives: Row[] = [
  ["GHSA-w8jq-xcqf-f792: the bit of encryption", "CKPT_ZIP", () => archive(good, change(0, { flags: 0x0801 }))],
  [
    "GHSA-7q5r-7gvp-wc82: another flag in the local header",
    "CKPT_ZIP",
    () => archive(good, change(0, { local: { flags: 0x0801 } })),
  ],
  [
    "GHSA-769v-p64c-89pr: another name in the local header",
    "CKPT_ZIP",
    () => archive(good, change(0, { local: { name: "archive/data.pkx" } })),
  ],
  [
    "GHSA-655q-fx9r-782v: another checksum in the local header",
    "CKPT_ZIP",
    () => archive(good, change(0, { local: { crc: 1 } })),
  ],
  ["CVE-2025-10155: a pickle by another name", "CKPT_FORMAT", () => latin1(pickle(system))],
  [
    "CVE-2025-32434: a tar archive, torch's oldest format",
    "CKPT_FORMAT",
    () => latin1(`storages${"\0".repeat(249)}ustar  \0${"\0".repeat(247)}${pickle(system)}`),
  ],
  ["another size in the local header", "CKPT_ZIP", () => archive(good, change(1, { local: { size: 4 } }))],
  ["another method in the local header", "CKPT_ZIP", () => archive(good, change(0, { local: { method: 8 } }))],
  ["a deflate bomb", "CKPT_ZIP", () => archive(good, change(1, { method: 8, size: 2 ** 31, packed: 24 }))],
  [
    "a changed byte of the pickle",
    "CKPT_ZIP",
    () =>
      archive(good, ([pickled, ...rest]) => [{ ...pickled, data: good.replace("w", "v"), crc: crcOf(good) }, ...rest]),
  ],
  [
    "a changed byte of the byte order",
    "CKPT_ZIP",
    () => archive(good, (m) => [...m, { name: "archive/byteorder", data: "little", crc: crcOf("big") }]),
  ],
  ["no checksum, as torch.save writes on request", "none", () => archive(good, change(0, { crc: 0 }))],
  [
    "an npz of a changed array",
    "CKPT_ZIP",
    () => zip([{ name: "a.npy", data: `${ARRAY.slice(0, -1)}!`, crc: crcOf(ARRAY) }]),
  ],
  ["an npz of an array without checksum", "CKPT_ZIP", () => zip([{ name: "a.npy", data: ARRAY, crc: 0 }])],
  [
    "an npz of a deflate bomb",
    "CKPT_ZIP",
    () => zip([{ name: "a.npy", data: ARRAY, method: 8, packed: ARRAY.length, size: ARRAY.length * 1033 }]),
  ],
  ["a stored member of two sizes", "CKPT_ZIP", () => archive(good, change(1, { packed: 4 }))],
  ["a name twice", "CKPT_ZIP", () => archive(good, (m) => [...m, m[0]])],
  ["a name with ../", "CKPT_ZIP", () => archive(good, (m) => [...m, { name: "archive/../../.bashrc", data: "" }])],
  ["an absolute name", "CKPT_ZIP", () => archive(good, (m) => [...m, { name: "/etc/passwd", data: "" }])],
  ["a name with backslashes", "CKPT_ZIP", () => archive(good, (m) => [...m, { name: "archive\\..\\x", data: "" }])],
  ["a name with a drive", "CKPT_ZIP", () => archive(good, (m) => [...m, { name: "C:x", data: "" }])],
  ["a name with a zero", "CKPT_ZIP", () => archive(good, (m) => [...m, { name: "archive/x\0.pkl", data: "" }])],
  ["a name that is not UTF-8", "CKPT_ZIP", () => archive(good, (m) => [...m, { name: "archive/\xff", data: "" }])],
  [
    "overlapping storages",
    "CKPT_ZIP",
    () =>
      archive(checkpoint([safe, ["v", tensor({ from: storage("1") })]]), (m) => [
        ...m,
        { name: "archive/data/1", data: SIX, offset: good.length + 46 },
      ]),
  ],
  ["a member inside another", "CKPT_ZIP", () => archive(good, change(2, { offset: 60 }))],
  ["a member beyond the file", "CKPT_ZIP", () => archive(good, change(1, { offset: 2 ** 31 }))],
  ["two checkpoints", "CKPT_ZIP", () => archive(good, (m) => [...m, { name: "other/data.pkl", data: pickle(system) }])],
  ["an archive of something else", "CKPT_FORMAT", () => zip([{ name: "word/document.xml", data: "<x/>" }])],
  ["an npz of a cut array", "CKPT_HEADER", () => zip([{ name: "a.npy", data: "\x93NUMPY" }])],
  ["a storage that is missing", "CKPT_TRUNCATED", () => archive(good, (m) => [m[0]])],
  ["byteorder=big", "CKPT_FORMAT", () => archive(good, (m) => [...m, { name: "archive/byteorder", data: "big" }])],
  [
    "an end record in the comment",
    "CKPT_ZIP",
    () => archive(good, undefined, { comment: "PK\x05\x06".padEnd(22, "\0") }),
  ],
  ["a comment", "CKPT_ZIP", () => archive(good, undefined, { comment: "hello" })],
  ["bytes behind the end", "CKPT_ZIP", () => archive(good, undefined, { behind: "hello" })],
  [
    "a second archive behind the first",
    "CKPT_ZIP",
    () => archive(good, undefined, { behind: String.fromCharCode(...archive(checkpoint([["w", system]]))) }),
  ],
  ["a directory that is cut off", "CKPT_TRUNCATED", () => archive(good).slice(0, -60)],
  ["more members than there are", "CKPT_ZIP", () => archive(good, undefined, { count: 9 })],
  ["fewer members than there are", "CKPT_ZIP", () => archive(good, undefined, { count: 2 })],
  ["a directory elsewhere", "CKPT_ZIP", () => archive(good, undefined, { start: 0 })],
  ["a directory of another size", "CKPT_ZIP", () => archive(good, undefined, { size: 10 })],
  ["saturated numbers without zip64", "CKPT_ZIP", () => archive(good, undefined, { count: 0xffff })],
  ["zip64 that counts other members", "CKPT_ZIP", () => archive(good, undefined, { before: (a, b) => end64(a, b, 2) })],
  [
    "zip64 that starts elsewhere",
    "CKPT_ZIP",
    () =>
      archive(good, undefined, {
        start: 2 ** 32 - 1,
        before: (a, b, n) => zip64(0n, BigInt(b), BigInt(n), BigInt(a + b)),
      }),
  ],
  [
    "zip64 that lies elsewhere",
    "CKPT_ZIP",
    () => archive(good, undefined, { before: (a, b, n) => zip64(BigInt(a), BigInt(b), BigInt(n), 7n) }),
  ],
  [
    "zip64 of 2^64 members",
    "CKPT_ZIP",
    () =>
      archive(good, undefined, {
        count: 0xffff,
        before: (a, b) => zip64(BigInt(a), BigInt(b), 2n ** 64n - 1n, BigInt(a + b)),
      }),
  ],
  [
    "zip64 of a billion members",
    "CKPT_LIMIT",
    () =>
      archive(good, undefined, {
        count: 0xffff,
        before: (a, b) => zip64(BigInt(a), BigInt(b), 10n ** 9n, BigInt(a + b)),
      }),
  ],
  ["a zip64 field that nothing asks for", "CKPT_ZIP", () => archive(good, change(1, { extra: extra64(1n) }))],
  [
    "a zip64 offset of 2^63",
    "CKPT_ZIP",
    () => archive(good, change(1, { offset: 0xffffffff, extra: extra64(2n ** 63n) })),
  ],
  [
    "two zip64 fields",
    "CKPT_ZIP",
    () => archive(good, change(1, { offset: 0xffffffff, extra: extra64(0n) + extra64(1n) })),
  ],
  ["an extra field longer than itself", "CKPT_ZIP", () => archive(good, change(1, { extra: "\x01\0\xff\xff" }))],
];

const old = pickle(dict(["state_dict", ordered(["w", tensor({ from: oldStorage() })])]));
function oldStorage(view = "N", key = "0") {
  return persistent(text("storage"), name("torch", "FloatStorage"), text(key), text("cpu"), int(6), view);
}
export const streams: Row[] = [
  ["the old format, as it should be", "none", () => legacy(old)],
  [
    "old: os.system in the weights",
    "CKPT_UNKNOWN_GLOBAL",
    () => legacy(pickle(dict(["state_dict", ordered(["w", tensor({ from: oldStorage() })], ["evil", system])]))),
  ],
  [
    "old: os.system in meta",
    "none",
    () => legacy(pickle(dict(["state_dict", ordered(["w", tensor({ from: oldStorage() })])], ["meta", system]))),
    [["meta", "os.system"]],
  ],
  [
    "old: a module with its source",
    "CKPT_UNKNOWN_GLOBAL",
    () =>
      legacy(pickle(`${persistent(text("module"), name("evil", "Net"), text("net.py"), text("import os"))})\x81}b`), {
        keys: [],
        tail: "",
      }),
  ],
  ["old: another magic number", "CKPT_FORMAT", () => legacy(old, { magic: pickle(int(7)) })],
  ["old: another protocol", "CKPT_FORMAT", () => legacy(old, { protocol: 1002 })],
  ["old: a big-endian machine", "CKPT_FORMAT", () => legacy(old, { little: false })],
  ["old: a storage that no tensor has", "CKPT_PICKLE", () => legacy(old, { keys: ["0", "1"] })],
  ["old: a storage twice", "CKPT_PICKLE", () => legacy(old, { keys: ["0", "0"] })],
  ["old: a storage that is not listed", "CKPT_TRUNCATED", () => legacy(old, { keys: [], tail: "" })],
  [
    "old: one storage of two types",
    "CKPT_OFFSETS",
    () => {
      const wide = persistent(text("storage"), name("torch", "DoubleStorage"), text("0"), text("cpu"), int(6), "N");
      const both = ordered(["w", tensor({ from: oldStorage() })], ["v", tensor({ from: wide })]);
      return legacy(pickle(dict(["state_dict", both])));
    },
  ],
  ["old: other sizes", "CKPT_OFFSETS", () => legacy(old, { tail: `\x05\0\0\0\0\0\0\0${SIX}` })],
  ["old: a size of -1", "CKPT_OFFSETS", () => legacy(old, { tail: "\xff".repeat(8) + SIX })],
  ["old: cut off in a storage", "CKPT_TRUNCATED", () => legacy(old).slice(0, -1)],
  ["old: cut off in a pickle", "CKPT_TRUNCATED", () => legacy(old).slice(0, 80)],
  ["old: bytes behind the end", "CKPT_OFFSETS", () => legacy(old, { tail: `\x06\0\0\0\0\0\0\0${SIX}!` })],
  [
    "old: a view beyond its storage",
    "CKPT_OFFSETS",
    () =>
      legacy(
        pickle(dict(["state_dict", ordered(["w", tensor({ from: oldStorage(tuple(text("v"), int(4), int(3))) })])])),
      ),
  ],
];
