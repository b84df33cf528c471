// Mutants of JPEG, PNG and WebP files: of their segments and chunks (with checksums that are right again), and of bytes.
import { crc32 } from "node:zlib";
import { joined, number, pick, put, scrambled } from "./random.mjs";

/** The parts of a file: before its image data, segment by segment or chunk by chunk. */
function parts(bytes) {
  if (bytes[0] === 0xff) return jpegParts(bytes);
  return bytes[0] === 0x89
    ? chunks(bytes, 8, (at) => 12 + u32(bytes, at, true))
    : chunks(bytes, 12, (at) => 8 + even(u32(bytes, at + 4, false)));
}

const even = (n) => n + (n % 2);
const u32 = (bytes, at, big) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, !big);

function chunks(bytes, start, lengthAt) {
  const found = [bytes.subarray(0, start)];
  for (let at = start; at + 8 <= bytes.length; ) {
    const end = Math.min(bytes.length, at + lengthAt(at));
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

function jpegParts(bytes) {
  const found = [bytes.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    found.push(bytes.subarray(at, end));
    at = end;
  }
  found.push(bytes.subarray(at));
  return found;
}

/** A PNG chunk's checksum made right, so that what lies in the chunk is looked at. */
function checked(part, png) {
  if (!png || part.length < 12) return part;
  const copy = Uint8Array.from(part);
  put(copy, copy.length - 4, 4, crc32(copy.subarray(4, copy.length - 4)), true);
  return copy;
}

function mutated(roll, bytes, other) {
  const list = parts(bytes);
  const png = bytes[0] === 0x89;
  for (let k = roll(3); k >= 0; k--) {
    const at = 1 + roll(Math.max(1, list.length - 1));
    const kind = roll(8);
    const part = list[at];
    if (!part || part.length === 0) continue;
    if (kind === 0) list.splice(at, 1);
    else if (kind === 1) list.splice(at, 0, part);
    else if (kind === 2) list.splice(at, 0, pick(roll, parts(other)));
    else if (kind === 3) list[at] = checked(scrambled(roll, part), png);
    else if (kind === 4) list.reverse();
    else {
      const copy = Uint8Array.from(part);
      // Lengths and sizes stand at the beginning.
      put(copy, roll(Math.min(copy.length, kind === 5 ? 20 : copy.length)), pick(roll, [1, 2, 4]), number(roll), true);
      list[at] = kind === 6 ? copy : checked(copy, png);
    }
  }
  return joined(list);
}

/** A source of mutants of these files. */
export function imageMutants(files) {
  return (roll) => {
    const bytes = pick(roll, files);
    return roll(4) === 0 ? scrambled(roll, bytes) : mutated(roll, bytes, pick(roll, files));
  };
}
