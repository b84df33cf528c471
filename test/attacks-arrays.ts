/** Attacks by safetensors and npy files, and files that are something else. */

import { writeNpy } from "../sdk/checkpoint/npy.js";
import { writeSafetensors } from "../sdk/checkpoint/safetensors-write.js";
import { type Row, system } from "./attacks-common.js";
import { pickle } from "./forge.js";
import { latin1 } from "./helpers.js";

function safetensors(header: string, data = 8, length = header.length): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + header.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(latin1(header), 8);
  return bytes;
}
const entry = (offsets: string, dtype = "F32", shape = "[2]") =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
export const tensorFiles: Row[] = [
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
export const arrays: Row[] = [
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
