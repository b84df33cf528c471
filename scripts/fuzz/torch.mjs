// Mutants of PyTorch's checkpoints: of the pickle's operations, of the archive's members and fields, and of bytes.
import { unzipSync } from "fflate";
import { mutatedPickle, tokens } from "./pickle.mjs";
import { joined, latin1, little, mutatedList, number, pick, put, scrambled } from "./random.mjs";

/** The members of an archive. */
const members = (bytes) => Object.entries(unzipSync(bytes)).map(([name, data]) => ({ name, data }));

const record = (signature, ...fields) => joined([latin1(`PK${signature}`), ...fields]);

/** An archive of these members, stored under any names; a checksum of 0 stands for none in torch's. */
function zipped(list) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, data } of list) {
    const size = little(4, data.length);
    const common = [little(14, 0), size, size, little(4, name.length)];
    const local = record("\x03\x04", ...common, latin1(name));
    directory.push(record("\x01\x02", little(2, 0), ...common, little(10, 0), little(4, at), latin1(name)));
    parts.push(local, data);
    at += local.length + data.length;
  }
  const names = joined(directory);
  const count = little(2, list.length);
  const end = record("\x05\x06", little(4, 0), count, count, little(4, names.length), little(4, at), little(2, 0));
  return joined([...parts, names, end]);
}

const NAMES =
  "archive/data.pkl archive/data/0 ../x /x archive/byteorder other/data.pkl archive/ a\0b archive//x \xff".split(" ");

const mutatedMembers = (roll, list) =>
  mutatedList(roll, list, {
    fresh: () =>
      roll(2)
        ? { name: "archive/byteorder", data: latin1(pick(roll, ["big", "little", "", "x"])) }
        : { ...pick(roll, list), name: pick(roll, NAMES) },
    change(_, { name, data }) {
      const kind = roll(3);
      if (kind === 0) return { name: pick(roll, NAMES), data };
      return { name, data: kind === 1 ? data.subarray(0, roll(data.length + 1)) : joined([data, little(roll(9), 0)]) };
    },
  });

/** Fields of the records of an archive, from the record's beginning, by their width. */
const FIELDS = {
  "PK\x01\x02": { 2: [8, 10, 28, 30, 32, 34], 4: [16, 20, 24, 42] },
  "PK\x03\x04": { 2: [6, 8, 26, 28], 4: [14, 18, 22] },
  "PK\x05\x06": { 2: [4, 6, 8, 10, 20], 4: [12, 16] },
  "PK\x06\x06": { 4: [16, 20], 8: [4, 24, 32, 40, 48] },
  "PK\x06\x07": { 4: [4, 16], 8: [8] },
};

function mutatedRecords(roll, bytes) {
  const changed = Uint8Array.from(bytes);
  const places = [];
  for (let at = bytes.indexOf(0x50); at >= 0; at = bytes.indexOf(0x50, at + 1)) {
    const fields = FIELDS[String.fromCharCode(...bytes.subarray(at, at + 4))] ?? {};
    for (const [width, offsets] of Object.entries(fields))
      for (const offset of offsets) places.push([at + offset, Number(width)]);
  }
  for (let k = roll(3); k >= 0; k--) {
    const [at, width] = pick(roll, places);
    const near = changed[at] + pick(roll, [-1, 1, 2]);
    if (roll(3)) put(changed, at, width, number(roll));
    else changed[at] = near;
  }
  return changed;
}

/** A file of torch's old format: five pickles, the fourth of which holds the tensors. */
function mutatedStream(roll, bytes) {
  const list = [];
  let at = 0;
  for (let i = 0; i < 5; i++) {
    list.push(joined(tokens(bytes, at)));
    at += list[i].length;
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
