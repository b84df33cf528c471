// Seeded random choices, and changes of bytes that know nothing of what the bytes mean.

/** Integers below n (mulberry32): the same from the same seed everywhere. */
export function dice(seed) {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

export const pick = (roll, items) => items[roll(items.length)];

/** Numbers at which parsers break. */
const EDGES = [
  0,
  1,
  2,
  3,
  4,
  8,
  22,
  64,
  127,
  128,
  255,
  256,
  32767,
  32768,
  65535,
  65536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

export function number(roll) {
  return roll(3) === 0 ? roll(2 ** 32 - 1) : pick(roll, EDGES);
}

/** Writes `value` as `width` bytes, little-endian unless `big`. */
export function put(bytes, at, width, value, big = false) {
  for (let i = 0; i < width; i++) {
    const place = big ? at + width - 1 - i : at + i;
    if (place < bytes.length) bytes[place] = Math.floor(value / 2 ** (8 * i)) & 255;
  }
}

export function joined(parts) {
  return new Uint8Array(Buffer.concat(parts));
}

/** Bytes changed, cut off, added, moved: 1 to 6 times. */
export function scrambled(roll, origin, limit = origin.length) {
  let bytes = Uint8Array.from(origin);
  for (let k = roll(6); k >= 0; k--) {
    const at = roll(Math.min(limit, bytes.length) || 1);
    const kind = roll(9);
    if (kind < 3) bytes[at] = roll(256);
    else if (kind === 3) bytes[at] ^= 1 << roll(8);
    else if (kind === 4) put(bytes, at, pick(roll, [1, 2, 4, 8]), number(roll), roll(2) === 0);
    else if (kind === 5 && roll(3) === 0) bytes = bytes.slice(0, at);
    else if (kind === 6)
      bytes = joined([
        bytes.subarray(0, at),
        Uint8Array.from({ length: 1 + roll(9) }, () => roll(256)),
        bytes.subarray(at),
      ]);
    else if (kind === 7) bytes = joined([bytes.subarray(0, at), bytes.subarray(at + 1 + roll(16))]);
    else bytes = joined([bytes.subarray(0, at), bytes.subarray(roll(at + 1))]);
    if (bytes.length > 2 ** 20) bytes = bytes.slice(0, 2 ** 20);
  }
  return bytes;
}
