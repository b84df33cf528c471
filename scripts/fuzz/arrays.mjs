// Mutants of safetensors, npy and npz files, stored and deflated: of the words of their headers, and of bytes.
import { crc32, deflateRawSync } from "node:zlib";
import { joined, number, pick, put, scrambled } from "./random.mjs";
import { zipped } from "./torch.mjs";

const latin1 = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0) & 255);
const textOf = (bytes) => String.fromCharCode(...bytes);

const WORDS = [
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  '"',
  "'",
  "(",
  ")",
  "null",
  "true",
  "True",
  "-",
  "-0",
  "1e3",
  "0.5",
  "__proto__",
  "__metadata__",
  "\\u0000",
  "\\ud800",
  "\xff",
  "F32",
  "F16",
  "BF16",
  "I64",
  "|O",
  "<f4",
  "|u1",
  "(2,3)",
  "9".repeat(20),
  " ",
  "\n",
  "\ufeff",
];

/** 1 to 4 words of a header changed. */
function mutatedText(roll, text) {
  const words = text.match(/\d+|\w+|./gs) ?? [""];
  for (let k = roll(4); k >= 0; k--) {
    const at = roll(words.length);
    const kind = roll(7);
    if (kind === 0) words.splice(at, 1);
    else if (kind === 1) words.splice(at, 0, pick(roll, WORDS));
    else if (kind === 2) words[at] = pick(roll, WORDS);
    else if (kind === 3) words.splice(at, 0, ...words.slice(at, at + roll(30)));
    else if (kind === 4) words[at] = words[roll(words.length)];
    else if (kind === 5 && /^\d+$/.test(words[at]))
      words[at] = String(roll(2) ? Number(words[at]) + pick(roll, [-1, 1, 4]) : number(roll));
    else words.splice(at, 0, ...new Array(roll(300)).fill(words[at]));
    if (words.length === 0) return "";
  }
  return words.join("");
}

function mutatedSafetensors(roll, bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = latin1(mutatedText(roll, textOf(bytes.subarray(8, 8 + length))));
  const head = new Uint8Array(8);
  put(head, 0, 8, roll(12) ? header.length : number(roll));
  return joined([head, header, bytes.subarray(8 + length)]);
}

function mutatedNpy(roll, bytes) {
  const length = bytes[8] + 256 * bytes[9];
  const header = latin1(mutatedText(roll, textOf(bytes.subarray(10, 10 + length))));
  const head = Uint8Array.from(bytes.subarray(0, 10));
  put(head, 8, 2, roll(12) ? header.length : number(roll));
  if (roll(12) === 0) head[6] = roll(5);
  return joined([head, header, bytes.subarray(10 + length)]);
}

const deflated = (name, bytes) => ({
  name,
  data: deflateRawSync(bytes),
  method: 8,
  crc: crc32(bytes),
  size: bytes.length,
});

/** A source of mutants; each says which reader it is for. */
export function arrayMutants({ writeNpy, writeNpz, writeSafetensors }) {
  const data = Float32Array.from({ length: 12 }, (_, i) => i / 8 - 0.5);
  const safetensors = writeSafetensors(
    [
      ["layers.0.weight", { data, shape: [3, 4] }],
      ["layers.0.bias", { data: data.subarray(0, 3), shape: [3], dtype: "F16" }],
      ["cls", { data: data.subarray(0, 4), shape: [1, 1, 4], dtype: "BF16" }],
    ],
    new Map([["format", "pt"]]),
  );
  const floats = writeNpy({ data, shape: [3, 4] });
  const fortran = latin1(textOf(floats).replace("False, ", "True,  "));
  const arrays = [floats, fortran, writeNpy({ data: new Uint8Array(6), shape: [6] })];
  return (roll) => {
    const kind = roll(8);
    const mutate = roll(5) === 0 ? scrambled : undefined;
    if (kind < 4) return { reader: "checkpoint", bytes: (mutate ?? mutatedSafetensors)(roll, safetensors) };
    const npy = pick(roll, arrays);
    if (kind < 7) return { reader: "npy", bytes: (mutate ?? mutatedNpy)(roll, npy) };
    const array = roll(2) ? mutatedNpy(roll, npy) : npy;
    const archive = roll(2) ? writeNpz([["a", array]]) : zipped([deflated("a.npy", array)]);
    return { reader: "checkpoint", bytes: roll(3) ? scrambled(roll, archive) : archive };
  };
}
