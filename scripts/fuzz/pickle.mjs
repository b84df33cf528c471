// Mutants of pickles: of their operations, one by one.
import { joined, number, pick, put } from "./random.mjs";

export const latin1 = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** What stands behind each opcode: a number of bytes, a length of so many bytes and as many bytes as it says ("s4"), or lines ("l2"). */
const ARGUMENTS = new Map(
  Object.entries({
    "(": 0,
    ".": 0,
    0: 0,
    1: 0,
    2: 0,
    N: 0,
    "\x88": 0,
    "\x89": 0,
    "]": 0,
    l: 0,
    a: 0,
    e: 0,
    ")": 0,
    t: 0,
    "\x85": 0,
    "\x86": 0,
    "\x87": 0,
    "}": 0,
    d: 0,
    s: 0,
    u: 0,
    "\x8f": 0,
    "\x90": 0,
    "\x91": 0,
    "\x94": 0,
    R: 0,
    "\x81": 0,
    "\x92": 0,
    "\x93": 0,
    Q: 0,
    b: 0,
    o: 0,
    "\x80": 1,
    K: 1,
    M: 2,
    J: 4,
    G: 8,
    q: 1,
    r: 4,
    h: 1,
    j: 4,
    "\x95": 8,
    "\x8a": "s1",
    "\x8b": "s4",
    X: "s4",
    "\x8c": "s1",
    "\x8d": "s8",
    U: "s1",
    T: "s4",
    C: "s1",
    B: "s4",
    "\x8e": "s8",
    "\x96": "s8",
    c: "l2",
    i: "l2",
  }).map(([op, kind]) => [op.charCodeAt(0), kind]),
);
const OPCODES = [...ARGUMENTS.keys()];

/** The operations of one pickle, as byte arrays. */
export function tokens(bytes, start = 0) {
  const found = [];
  for (let at = start; at < bytes.length; ) {
    const kind = ARGUMENTS.get(bytes[at]);
    if (kind === undefined) throw new Error(`opcode ${bytes[at]} of a checkpoint that torch wrote`);
    let end = at + 1;
    if (typeof kind === "number") end += kind;
    else if (kind[0] === "s") {
      let length = 0;
      for (let i = Number(kind[1]) - 1; i >= 0; i--) length = length * 256 + bytes[end + i];
      end += Number(kind[1]) + length;
    } else for (let i = 0; i < 2; i++) end = bytes.indexOf(10, end) + 1;
    found.push(bytes.subarray(at, end));
    const stop = bytes[at] === 0x2e;
    at = end;
    if (stop) break;
  }
  return found;
}

export const lengthOf = (list) => list.reduce((sum, { length }) => sum + length, 0);

const TEXTS = [
  "state_dict",
  "model",
  "meta",
  "storage",
  "cpu",
  "0",
  "1",
  "__proto__",
  "constructor",
  "module.a",
  "module",
  "",
  "\xff\xfe",
  "latin1",
  "f8",
  "x".repeat(300),
];
const NAMES = [
  "torch._utils\n_rebuild_tensor_v2\n",
  "torch._utils\n_rebuild_parameter\n",
  "collections\nOrderedDict\n",
  "torch\nFloatStorage\n",
  "torch\nHalfStorage\n",
  "torch\nEvilStorage\n",
  "torch\nSize\n",
  "os\nsystem\n",
  "builtins\neval\n",
  "numpy\ndtype\n",
  "numpy.core.multiarray\nscalar\n",
  "_codecs\nencode\n",
  "a\nb",
];

function text(roll) {
  const value = latin1(pick(roll, TEXTS));
  const head = Uint8Array.of(0x58, 0, 0, 0, 0);
  put(head, 1, 4, roll(8) === 0 ? number(roll) : value.length);
  return joined([head, value]);
}

/** An operation with an argument that may be right. */
function operation(roll) {
  if (roll(4) === 0) return text(roll);
  if (roll(6) === 0) return joined([latin1("c"), latin1(pick(roll, NAMES))]);
  const op = pick(roll, OPCODES);
  const kind = ARGUMENTS.get(op);
  if (typeof kind === "number") {
    const token = new Uint8Array(1 + kind);
    token[0] = op;
    if (kind > 0) put(token, 1, kind, roll(2) ? roll(12) : number(roll), false);
    return token;
  }
  if (kind[0] === "l") return joined([Uint8Array.of(op), latin1(pick(roll, NAMES))]);
  const width = Number(kind[1]);
  const value = latin1(pick(roll, TEXTS));
  const token = new Uint8Array(1 + width);
  token[0] = op;
  put(token, 1, width, roll(8) === 0 ? number(roll) : value.length);
  return joined([token, value]);
}

/** 1 to 4 changes of a pickle's operations. */
export function mutatedPickle(roll, bytes) {
  const list = tokens(bytes);
  for (let k = roll(4); k >= 0; k--) {
    const at = roll(list.length);
    const kind = roll(10);
    if (kind === 0) list.splice(at, 1 + roll(3));
    else if (kind === 1) list.splice(at, 0, operation(roll));
    else if (kind === 2) list.splice(at, 1, operation(roll));
    else if (kind === 3) list.splice(at, 0, list[roll(list.length)] ?? operation(roll));
    else if (kind === 4) list.splice(at, 0, ...list.slice(at, at + 1 + roll(8)));
    else if (kind === 5) list.splice(at, 0, ...new Array(roll(2000)).fill(roll(2) ? list[at] : operation(roll)));
    else if (kind === 6) list.splice(at, 0, latin1("cos\nsystem\n"), latin1(")"), latin1("R"));
    else if (list[at]?.length > 1) {
      const changed = Uint8Array.from(list[at]);
      if (kind === 7) put(changed, 1, Math.min(4, changed.length - 1), number(roll));
      else changed[1 + roll(changed.length - 1)] = kind === 8 ? roll(8) : roll(256);
      list[at] = changed;
    }
    if (list.length === 0) break;
  }
  return joined(list);
}
