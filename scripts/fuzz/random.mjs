// Seeded random choices, and changes of bytes and of lists that know nothing of what these mean.

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
  0, 1, 2, 3, 4, 8, 22, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x1000000, 0x7fffffff, 0x80000000,
  0xffffffff,
];

export const number = (roll) => (roll(3) === 0 ? roll(2 ** 32 - 1) : pick(roll, EDGES));

/** Writes `value` as `width` bytes, little-endian unless `big`. */
export function put(bytes, at, width, value, big = false) {
  for (let i = 0; i < width; i++) {
    const place = big ? at + width - 1 - i : at + i;
    if (place < bytes.length) bytes[place] = Math.floor(value / 2 ** (8 * i)) & 255;
  }
}

/** `value` as `width` bytes, little-endian. */
export function little(width, value) {
  const bytes = new Uint8Array(width);
  put(bytes, 0, width, value);
  return bytes;
}

export const latin1 = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0) & 255);

export const joined = (parts) => new Uint8Array(Buffer.concat(parts));

/** Bytes changed, cut off, added, moved: 1 to 6 times. */
export function scrambled(roll, origin) {
  let bytes = Uint8Array.from(origin);
  for (let k = roll(6); k >= 0; k--) {
    const at = roll(bytes.length || 1);
    const kind = roll(9);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    if (kind < 3) bytes[at] = roll(256);
    else if (kind === 3) bytes[at] ^= 1 << roll(8);
    else if (kind === 4) put(bytes, at, pick(roll, [1, 2, 4, 8]), number(roll), roll(2) === 0);
    else if (kind === 5 && roll(3) === 0) bytes = bytes.slice(0, at);
    else if (kind === 6) bytes = joined([before, Uint8Array.from({ length: 1 + roll(9) }, () => roll(256)), after]);
    else if (kind === 7) bytes = joined([before, after.subarray(1 + roll(16))]);
    else bytes = joined([before, bytes.subarray(roll(at + 1))]);
    if (bytes.length > 2 ** 20) bytes = bytes.slice(0, 2 ** 20);
  }
  return bytes;
}

/**
 * 1 to 4 changes of a list: items lost, moved, copied, repeated up to `repeats` times, replaced by what `fresh(roll)` makes, or changed in
 * themselves by `change(roll, item)`.
 */
export function mutatedList(roll, origin, { fresh, change, repeats = 2 }) {
  const list = [...origin];
  for (let k = roll(4); k >= 0 && list.length > 0; k--) {
    const at = roll(list.length);
    const kind = roll(10);
    if (kind === 0) list.splice(at, 1 + roll(3));
    else if (kind === 1) list.splice(at, 0, fresh(roll));
    else if (kind === 2) list[at] = fresh(roll);
    else if (kind === 3) list.splice(at, roll(2), pick(roll, list));
    else if (kind === 4) list.splice(at, 0, ...list.slice(at, at + roll(30)));
    else if (kind === 5) list.splice(at, 0, ...new Array(roll(repeats)).fill(roll(2) ? list[at] : fresh(roll)));
    else if (kind === 6) list.splice(roll(list.length), 0, ...list.splice(at, 1));
    else list[at] = change(roll, list[at]);
  }
  return list;
}
