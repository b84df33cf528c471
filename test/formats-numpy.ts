/** Small .npy and .npz files: what the rules of `numpy.load(allow_pickle=False)` say of each, and what we do. */

import { deflateRawSync } from "node:zlib";
import { crc32 } from "../sdk/io/crc32.js";
import { type Forgery, zip } from "./forge.js";
import { type FormatRow, LIMITS, latin } from "./formats-common.js";
import { latin1 } from "./helpers.js";

const header = (descr: string, order = "False", shape = "(3,)") =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

function npy(text: string, data = "abc", version = "\x01\0", length = text.length): string {
  const width = version[0] === "\x01" ? 2 : 4;
  const size = Array.from({ length: width }, (_, i) => String.fromCharCode((length >> (8 * i)) & 255)).join("");
  return `\x93NUMPY${version}${size}${text}${data}`;
}

const u8 = header("'|u1'");
const plain = npy(`${u8}\n`);
const ONLY = "images and masks are uint8 or float32";
const STRICT = "a header that NumPy writes has it not, and other readers differ";
const WHOLE = "a file that does not end with its data was damaged, or is another one";

export const arrays: readonly FormatRow[] = [
  ["version 1", "read", "none", plain],
  ["version 2", "read", "none", npy(`${u8}\n`, "abc", "\x02\0")],
  ["version 3", "read", "none", npy(`${u8}\n`, "abc", "\x03\0")],
  ["version 0", "refused", "NPY_FORMAT", npy(`${u8}\n`, "abc", "\0\0")],
  ["version 1.1", "refused", "NPY_FORMAT", npy(`${u8}\n`, "abc", "\x01\x01")],
  ["version 4", "refused", "NPY_FORMAT", npy(`${u8}\n`, "abc", "\x04\0")],
  ["no line's end", "read", "none", npy(u8)],
  ["padding", "read", "none", npy(`${u8.padEnd(117)}\n`)],
  ["other quotes and order", "read", "none", npy('{"shape":(3,),"fortran_order":False,"descr":"|u1"}')],
  ["a header over two lines", "read", "none", npy(u8.replace("'fortran", "\n'fortran"))],
  ["float32", "read", "none", npy(header("'<f4'"), "\0".repeat(12))],
  ["float64", "read", "NPY_FORMAT", npy(header("'<f8'"), "\0".repeat(24)), ONLY],
  ["int16", "read", "NPY_FORMAT", npy(header("'<i2'"), "\0".repeat(6)), ONLY],
  ["big-endian float32", "read", "NPY_FORMAT", npy(header("'>f4'"), "\0".repeat(12)), ONLY],
  ["uint8 under another name", "read", "NPY_FORMAT", npy(header("'u1'")), STRICT],
  ["uint8 with a byte order", "read", "NPY_FORMAT", npy(header("'<u1'")), STRICT],
  ["text", "read", "NPY_FORMAT", npy(header("'<U1'"), "\0".repeat(12)), ONLY],
  ["a structure", "read", "NPY_FORMAT", npy(header("[('a', '|u1')]")), ONLY],
  ["objects", "refused", "NPY_FORMAT", npy(header("'|O'"), "\0".repeat(24))],
  ["a structure with objects", "refused", "NPY_FORMAT", npy(header("[('a', '|O')]"), "\0".repeat(24))],
  ["an unknown type", "refused", "NPY_FORMAT", npy(header("'|x9'"))],
  ["a type that is a number", "refused", "NPY_FORMAT", npy(header("7"))],
  ["a scalar", "read", "none", npy(header("'|u1'", "False", "()"), "a")],
  ["a size of 0", "read", "none", npy(header("'|u1'", "False", "(0, 4)"), "")],
  ["Fortran order", "read", "none", npy(header("'|u1'", "True", "(2, 2)"), "abcd")],
  ["Fortran order of three dimensions", "read", "none", npy(header("'<f4'", "True", "(2, 1, 3)"), "\0".repeat(24))],
  ["an order that is a number", "refused", "NPY_FORMAT", npy(header("'|u1'", "0"))],
  ["an order in lower case", "refused", "NPY_FORMAT", npy(header("'|u1'", "false"))],
  ["a shape that is a number", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "3"))],
  ["a shape that is a number in brackets", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(3)"))],
  ["a shape that is a list", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "[3]"))],
  ["a size with a fraction", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(3.0,)"))],
  ["a size in octal", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(03,)"))],
  ["a size in hexadecimal", "read", "NPY_FORMAT", npy(header("'|u1'", "False", "(0x3,)")), STRICT],
  [
    "a size with an underscore",
    "read",
    "NPY_FORMAT",
    npy(header("'|u1'", "False", "(0_3,)").replace("0_3", "1_0"), "0123456789"),
    STRICT,
  ],
  [
    "a size of Python 2",
    "read",
    "NPY_FORMAT",
    npy(header("'|u1'", "False", "(3L,)")),
    "NumPy for Python 3 never wrote it",
  ],
  ["a size that is a truth value", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(True,)"), "a")],
  ["a negative size", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(-3,)"))],
  ["a size of 2^62", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(4611686018427387904,)"))],
  [
    "sizes whose product is 2^64",
    "refused",
    "NPY_FORMAT",
    npy(header("'|u1'", "False", "(4294967296, 4294967296)"), ""),
  ],
  [
    "a size of 2^60 beside a 0",
    "read",
    "NPY_FORMAT",
    npy(header("'|u1'", "False", "(0, 1152921504606846976)"), ""),
    LIMITS,
  ],
  ["64 dimensions", "read", "none", npy(header("'|u1'", "False", `(${"1,".repeat(64)})`), "a")],
  ["65 dimensions", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", `(${"1,".repeat(65)})`), "a")],
  ["data cut off", "refused", "NPY_FORMAT", npy(u8, "ab")],
  ["no data", "refused", "NPY_FORMAT", npy(u8, "")],
  ["bytes behind the data", "read", "NPY_FORMAT", npy(u8, "abcd"), WHOLE],
  ["a second array behind the first", "read", "NPY_FORMAT", plain + plain, WHOLE],
  ["an empty file", "refused", "NPY_FORMAT", ""],
  ["a magic number cut off", "refused", "NPY_FORMAT", "\x93NUMP"],
  ["a header cut off", "refused", "NPY_FORMAT", plain.slice(0, 30)],
  ["a header longer than the file", "refused", "NPY_FORMAT", npy(u8, "abc", "\x01\0", 5000)],
  ["a header of no bytes", "refused", "NPY_FORMAT", npy("", "abc")],
  ["a header of 10,000 bytes", "read", "none", npy(`${u8.padEnd(9999)}\n`)],
  ["a header of 10,001 bytes", "refused", "NPY_FORMAT", npy(`${u8.padEnd(10_000)}\n`)],
  ["a header of 2^31 bytes", "refused", "NPY_FORMAT", npy(u8, "abc", "\x02\0", -(2 ** 31))],
  ["a header that is not UTF-8", "refused", "NPY_FORMAT", npy(`${u8}\xff`, "abc", "\x03\0")],
  ["a key less", "refused", "NPY_FORMAT", npy("{'descr': '|u1', 'shape': (3,)}")],
  ["a key more", "refused", "NPY_FORMAT", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'x': 1}")],
  [
    "a key twice",
    "read",
    "NPY_FORMAT",
    npy("{'descr': '|i1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}"),
    STRICT,
  ],
  ["a key in escapes", "read", "NPY_FORMAT", npy(u8.replace("descr", "\\x64escr")), STRICT],
  ["texts side by side", "read", "NPY_FORMAT", npy(u8.replace("'|u1'", "'|' 'u1'")), STRICT],
  ["a comment", "read", "NPY_FORMAT", npy(`${u8} # array`), STRICT],
  ["a call", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "tuple([3])"))],
  ["an expression", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(1*3,)"))],
  ["a sum", "refused", "NPY_FORMAT", npy(header("'|u1'", "False", "(1+2,)"))],
  ["text behind the header", "refused", "NPY_FORMAT", npy(`${u8}; import os`)],
  ["an unclosed header", "refused", "NPY_FORMAT", npy(u8.slice(0, -1))],
  ["two commas", "refused", "NPY_FORMAT", npy(u8.replace(", }", ",, }"))],
  ["a list for a dictionary", "refused", "NPY_FORMAT", npy("['descr', 'fortran_order', 'shape']")],
  ["a pickle", "refused", "NPY_FORMAT", "\x80\x04K\x07."],
  ["plain text", "refused", "NPY_FORMAT", "1 2 3\n"],
];

const deflated = (data: string): Pick<Forgery, "data" | "method" | "plain" | "crc"> => ({
  data: latin(deflateRawSync(latin1(data))),
  method: 8,
  plain: data.length,
  crc: crc32(latin1(data)),
});
const packed = deflated(plain);
const npz = (...members: Forgery[]) => latin(zip(members));
const a = { name: "a.npy", data: plain };
const big = npy(header("'<f4'", "False", "(1000,)"), "\0".repeat(4000));
const ARRAYS = "weights are arrays alone";
const AGREE = "readers of zip differ in what such an archive holds";

export const archives: readonly FormatRow[] = [
  ["a stored array", "read", "none", npz(a)],
  ["a deflated array", "read", "none", npz({ name: "a.npy", ...packed })],
  ["both kinds", "read", "none", npz(a, { name: "b.npy", ...deflated(big) })],
  ["flags that say how hard the writer tried", "read", "none", npz({ name: "a.npy", ...packed, flags: 2 })],
  ["no arrays", "read", "CKPT_FORMAT", npz(), "there are no weights in it"],
  ["an array in a folder", "read", "none", npz({ name: "layers/0.npy", data: plain })],
  [
    "Fortran order",
    "read",
    "none",
    npz({ name: "a.npy", data: npy(header("'<f4'", "True", "(2, 3)"), "\0".repeat(24)) }),
  ],
  ["a member that is no array", "read", "CKPT_FORMAT", npz(a, { name: "b.txt", data: "text" }), ARRAYS],
  ["a member that only claims to be an array", "read", "CKPT_HEADER", npz({ name: "a.npy", data: "text" }), ARRAYS],
  ["objects", "refused", "CKPT_DTYPE", npz({ name: "a.npy", data: npy(header("'|O'"), "\0".repeat(24)) })],
  ["data cut off", "refused", "CKPT_OFFSETS", npz({ name: "a.npy", data: npy(u8, "ab") })],
  ["bytes behind the data", "read", "CKPT_OFFSETS", npz({ name: "a.npy", data: npy(u8, "abcd") }), WHOLE],
  ["a changed byte", "refused", "CKPT_ZIP", npz({ ...a, data: `${plain.slice(0, -1)}x`, crc: crc32(latin1(plain)) })],
  ["a checksum of 0", "refused", "CKPT_ZIP", npz({ ...a, crc: 0 })],
  [
    "a changed byte, deflated",
    "refused",
    "CKPT_ZIP",
    npz({ name: "a.npy", ...deflated(`${plain.slice(0, -1)}x`), crc: crc32(latin1(plain)) }),
  ],
  ["another checksum in the local header", "read", "CKPT_ZIP", npz({ ...a, local: { crc: 1 } }), AGREE],
  ["another size in the local header", "read", "CKPT_ZIP", npz({ ...a, local: { size: 1 } }), AGREE],
  ["another method in the local header", "read", "CKPT_ZIP", npz({ ...a, local: { method: 8 } }), AGREE],
  ["another name in the local header", "refused", "CKPT_ZIP", npz({ ...a, local: { name: "b.npy" } })],
  ["an encrypted member", "refused", "CKPT_ZIP", npz({ ...a, flags: 1 })],
  ["deflated data cut off", "refused", "CKPT_ZIP", npz({ name: "a.npy", ...packed, data: packed.data.slice(0, -9) })],
  ["deflated data that is none", "refused", "CKPT_ZIP", npz({ name: "a.npy", ...packed, data: "\xff".repeat(30) })],
  ["deflated to more than it declares", "refused", "CKPT_ZIP", npz({ name: "a.npy", ...packed, plain: 40 })],
  [
    "deflated to less than it declares",
    "read",
    "CKPT_ZIP",
    npz({ name: "a.npy", ...packed, plain: plain.length + 9 }),
    WHOLE,
  ],
  ["a method that nobody has", "refused", "CKPT_ZIP", npz({ ...a, method: 99 })],
  ["a name twice", "read", "CKPT_ZIP", npz(a, a), AGREE],
  ["a name with and without .npy", "read", "CKPT_FORMAT", npz(a, { name: "a", data: plain }), ARRAYS],
  [
    "a name that leads out",
    "read",
    "CKPT_ZIP",
    npz({ name: "../a.npy", data: plain }),
    "whoever unpacks it would write elsewhere",
  ],
  ["a comment", "read", "CKPT_ZIP", latin(zip([a], { comment: "hello" })), AGREE],
  ["bytes behind the end", "read", "CKPT_ZIP", latin(zip([a], { behind: "hello" })), AGREE],
  ["bytes before the start", "refused", "CKPT_FORMAT", `#!/bin/sh\n${npz(a)}`],
  ["a directory cut off", "refused", "CKPT_TRUNCATED", npz(a).slice(0, -30)],
  ["more members than there are", "read", "CKPT_ZIP", latin(zip([a], { count: 2 })), AGREE],
  ["fewer members than there are", "read", "CKPT_ZIP", latin(zip([a, { ...a, name: "b.npy" }], { count: 1 })), AGREE],
  ["members that overlap", "refused", "CKPT_ZIP", npz(a, { name: "b.npy", data: plain, offset: 0 })],
  ["a member beyond the file", "refused", "CKPT_ZIP", npz({ ...a, offset: 2 ** 31 })],
];
