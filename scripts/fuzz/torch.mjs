// Mutants of PyTorch's checkpoints: of the pickle's operations, of the archive's fields, and of bytes.
import { joined, number, pick, put, scrambled } from "./random.mjs";

const latin1 = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

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
function tokens(bytes, start = 0) {
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

const lengthOf = (list) => list.reduce((sum, { length }) => sum + length, 0);

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
function mutatedPickle(roll, bytes) {
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

/** The members of an archive that torch wrote. */
function members(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = view.getUint32(bytes.length - 6, true);
  const found = [];
  while (view.getUint32(at, true) === 0x02014b50) {
    const [size, nameBytes, offset] = [
      view.getUint32(at + 24, true),
      view.getUint16(at + 28, true),
      view.getUint32(at + 42, true),
    ];
    const name = String.fromCharCode(...bytes.subarray(at + 46, at + 46 + nameBytes));
    const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    found.push({ name, data: bytes.subarray(start, start + size) });
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return found;
}

/** An archive of these members, checksums aside: none is asked for. */
function zipped(list) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, data } of list) {
    const local = new Uint8Array(30 + name.length);
    local.set(latin1("PK\x03\x04"));
    local.set(latin1(name), 30);
    const central = new Uint8Array(46 + name.length);
    central.set(latin1("PK\x01\x02"));
    central.set(latin1(name), 46);
    for (const place of [18, 22]) put(local, place, 4, data.length);
    for (const place of [20, 24]) put(central, place, 4, data.length);
    put(local, 26, 2, name.length);
    put(central, 28, 2, name.length);
    put(central, 42, 4, at);
    parts.push(local, data);
    directory.push(central);
    at += local.length + data.length;
  }
  const end = new Uint8Array(22);
  end.set(latin1("PK\x05\x06"));
  for (const place of [8, 10]) put(end, place, 2, list.length);
  put(end, 12, 4, lengthOf(directory));
  put(end, 16, 4, at);
  return joined([...parts, ...directory, end]);
}

const NAMES_OF_MEMBERS = [
  "archive/data.pkl",
  "archive/data/0",
  "../x",
  "/x",
  "archive/byteorder",
  "other/data.pkl",
  "archive/",
  "a\0b",
  "archive//x",
  "\xff",
];

function mutatedMembers(roll, list) {
  const at = roll(list.length);
  const kind = roll(7);
  if (kind === 0) list.splice(at, 1);
  else if (kind === 1) list.push({ ...list[at], name: pick(roll, NAMES_OF_MEMBERS) });
  else if (kind === 2) list[at] = { ...list[at], name: pick(roll, NAMES_OF_MEMBERS) };
  else if (kind === 3) list[at] = { ...list[at], data: list[at].data.subarray(0, roll(list[at].data.length + 1)) };
  else if (kind === 4)
    list[at] = { ...list[at], data: joined([list[at].data, Uint8Array.from({ length: roll(9) }, () => 0)]) };
  else if (kind === 5) list.push({ name: "archive/byteorder", data: latin1(pick(roll, ["big", "little", "", "x"])) });
  else list.reverse();
  return list;
}

/** Fields of the records of an archive: from the record's beginning, and their width. */
const FIELDS = {
  "PK\x01\x02": [
    [8, 2],
    [10, 2],
    [16, 4],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [34, 2],
    [42, 4],
  ],
  "PK\x03\x04": [
    [6, 2],
    [8, 2],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ],
  "PK\x05\x06": [
    [4, 2],
    [6, 2],
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ],
  "PK\x06\x06": [
    [4, 8],
    [16, 4],
    [20, 4],
    [24, 8],
    [32, 8],
    [40, 8],
    [48, 8],
  ],
  "PK\x06\x07": [
    [4, 4],
    [8, 8],
    [16, 4],
  ],
};

function mutatedRecords(roll, bytes) {
  const changed = Uint8Array.from(bytes);
  const places = [];
  for (let at = 0; at + 4 < bytes.length; at++) {
    const fields = bytes[at] === 0x50 && FIELDS[String.fromCharCode(...bytes.subarray(at, at + 4))];
    if (fields) for (const [offset, width] of fields) places.push([at + offset, width]);
  }
  for (let k = roll(3); k >= 0; k--) {
    const [at, width] = pick(roll, places);
    const near = changed[at] + pick(roll, [-1, 1, 2]);
    if (roll(3)) put(changed, at, width, number(roll));
    else changed[at] = near;
  }
  return changed;
}

function mutatedStream(roll, bytes) {
  const list = [];
  let at = 0;
  for (let i = 0; i < 5; i++) {
    const pickle = joined(tokens(bytes, at));
    list.push(pickle);
    at += pickle.length;
  }
  const which = roll(3) ? 3 : roll(5);
  list[which] = mutatedPickle(roll, list[which]);
  return joined([...list, bytes.subarray(at)]);
}

/** A source of mutants of these checkpoints: `[{ bytes, legacy }]`. */
export function torchMutants(origins) {
  return (roll) => {
    const { bytes, legacy } = pick(roll, origins);
    if (roll(5) === 0) return scrambled(roll, bytes);
    if (legacy) return mutatedStream(roll, bytes);
    const kind = roll(6);
    if (kind === 0) return mutatedRecords(roll, bytes);
    if (kind === 1) return zipped(mutatedMembers(roll, members(bytes)));
    const changed = members(bytes).map(({ name, data }) => ({
      name,
      data: name.endsWith("data.pkl") ? mutatedPickle(roll, data) : data,
    }));
    return zipped(roll(8) ? changed : mutatedMembers(roll, changed));
  };
}
