// Mutants of JPEG, PNG and WebP files: of their segments and chunks (with checksums that are right again), and of bytes.
import { crc32 } from "node:zlib";
import { joined, mutatedList, number, pick, put, scrambled } from "./random.mjs";

const isPng = (bytes) => bytes[0] === 0x89;

/**
 * The parts of a file: what it begins with, then segment by segment or chunk by chunk, of JPEG until its image data. `end` of a part
 * follows from where it begins.
 */
function parts(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isJpeg = bytes[0] === 0xff;
  const [start, end] = isPng(bytes)
    ? [8, (at) => at + 12 + view.getUint32(at)]
    : isJpeg
      ? [2, (at) => at + 2 + view.getUint16(at + 2)]
      : [12, (at) => at + 8 + 2 * Math.ceil(view.getUint32(at + 4, true) / 2)];
  const isOver = (at) => at + 8 > bytes.length || (isJpeg && (bytes[at] !== 0xff || bytes[at + 1] === 0xda));
  const found = [bytes.subarray(0, start)];
  let at = start;
  while (!isOver(at)) {
    found.push(bytes.subarray(at, end(at)));
    at = end(at);
  }
  return [...found, bytes.subarray(at)];
}

/** A PNG chunk's checksum made right, so that what lies in the chunk is looked at. */
function checked(part) {
  if (part.length >= 12) put(part, part.length - 4, 4, crc32(part.subarray(4, part.length - 4)), true);
  return part;
}

function change(roll, part, png) {
  const kind = roll(4);
  const copy = kind === 0 ? scrambled(roll, part) : Uint8Array.from(part);
  // Lengths and sizes stand at the beginning.
  const at = roll(Math.min(copy.length, kind === 1 ? 20 : copy.length) || 1);
  if (kind > 0) put(copy, at, pick(roll, [1, 2, 4]), number(roll), true);
  return png && kind < 3 ? checked(copy) : copy;
}

/** A source of mutants of these files. */
export function imageMutants(files) {
  return (roll) => {
    const bytes = pick(roll, files);
    if (roll(4) === 0) return scrambled(roll, bytes);
    const others = parts(pick(roll, files));
    const [first, ...rest] = parts(bytes);
    const options = { fresh: () => pick(roll, others), change: (_, part) => change(roll, part, isPng(bytes)) };
    return joined([first, ...mutatedList(roll, rest, options)]);
  };
}
