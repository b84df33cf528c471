/** Attacks by what a pickle says: names of code, operations on the wrong types, tensors that reach too far. */

import { beside, good, type Row, root, safe, shaped, system, weights } from "./attacks-common.js";
import {
  archive,
  call,
  checkpoint,
  dict,
  EMPTY,
  int,
  list,
  name,
  ordered,
  persistent,
  pickle,
  storage,
  tensor,
  text,
  tuple,
} from "./forge.js";

const evaluate = call(name("builtins", "eval"), text("1"));
const hub = call(name("torch.hub", "load"), text("evil/repo"), text("model"));

export const globals: Row[] = [
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
    "CKPT_ZIP",
    () => archive(checkpoint([["w", system]]), ([a, ...m]) => [{ ...a, crc: 1 }, ...m]),
  ],
  [
    "CVE-2025-10156: nor does a missing one",
    "CKPT_UNKNOWN_GLOBAL",
    () => archive(checkpoint([["w", system]]), ([a, ...m]) => [{ ...a, crc: 0 }, ...m]),
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
export const pickles: Row[] = [
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
  ["a pickle behind the pickle", "CKPT_PICKLE", () => archive(`${good}${pickle(system)}`)],
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

export const tensors: Row[] = [
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
