// Mutants of PyTorch's checkpoints: of the pickle's operations, of the archive's fields, and of bytes.
import { latin1, lengthOf, mutatedPickle, tokens } from "./pickle.mjs";
import { joined, number, pick, put, scrambled } from "./random.mjs";

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

/** An archive of these members; a checksum of 0 stands for none in torch's. */
export function zipped(list) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, data, method = 0, crc = 0, size = data.length } of list) {
    const local = new Uint8Array(30 + name.length);
    local.set(latin1("PK\x03\x04"));
    local.set(latin1(name), 30);
    const central = new Uint8Array(46 + name.length);
    central.set(latin1("PK\x01\x02"));
    central.set(latin1(name), 46);
    for (const [header, at] of [
      [local, 8],
      [central, 10],
    ]) {
      put(header, at, 2, method);
      put(header, at + 6, 4, crc);
      put(header, at + 10, 4, data.length);
      put(header, at + 14, 4, size);
    }
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
