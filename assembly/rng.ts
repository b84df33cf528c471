/**
 * MT19937 (Matsumoto and Nishimura 1998, doi:10.1145/272991.272995) with the seeding and the integer draws of numpy's legacy
 * generator and of Python's `random`. The state is 625 u32 at an address of the caller: 624 words and the index of the next one.
 */

const WORDS: i32 = 624;
const SHIFT: i32 = 397;

function word(state: usize, i: i32): u32 {
  return load<u32>(state + ((<usize>i) << 2));
}

function setWord(state: usize, i: i32, value: u32): void {
  store<u32>(state + ((<usize>i) << 2), value);
}

/** Seeds as `np.random.seed(seed)` does (init_genrand). */
export function rngSeedNumpy(state: usize, seed: u32): void {
  let x = seed;
  for (let i = 0; i < WORDS; i++) {
    setWord(state, i, x);
    x = 1812433253 * (x ^ (x >> 30)) + i + 1;
  }
  setWord(state, WORDS, WORDS);
}

/** Seeds as Python's `random.seed(n)` does (init_by_array); `digits` are the `count` 32-bit digits of |n|, lowest first. */
export function rngSeedPython(state: usize, digits: usize, count: i32): void {
  rngSeedNumpy(state, 19650218);
  let i = 1;
  let j = 0;
  for (let k = max(WORDS, count); k > 0; k--) {
    const before = word(state, i - 1);
    setWord(state, i, (word(state, i) ^ ((before ^ (before >> 30)) * 1664525)) + word(digits, j) + j);
    i = nextWord(state, i);
    if (++j >= count) j = 0;
  }
  for (let k = WORDS - 1; k > 0; k--) {
    const before = word(state, i - 1);
    setWord(state, i, (word(state, i) ^ ((before ^ (before >> 30)) * 1566083941)) - i);
    i = nextWord(state, i);
  }
  setWord(state, 0, 0x80000000);
}

/** The index after `i` in init_by_array's walk over words 1 to 623, which carries the last word over into word 0. */
function nextWord(state: usize, i: i32): i32 {
  if (i + 1 < WORDS) return i + 1;
  setWord(state, 0, word(state, WORDS - 1));
  return 1;
}

/** Makes the next 624 words. */
function refill(state: usize): void {
  for (let i = 0; i < WORDS; i++) {
    const y = (word(state, i) & 0x80000000) | (word(state, (i + 1) % WORDS) & 0x7fffffff);
    const odd = y & 1 ? <u32>0x9908b0df : 0;
    setWord(state, i, word(state, (i + SHIFT) % WORDS) ^ (y >> 1) ^ odd);
  }
  setWord(state, WORDS, 0);
}

/** The next 32 random bits. */
export function rngU32(state: usize): u32 {
  if (word(state, WORDS) >= <u32>WORDS) refill(state);
  const i = <i32>word(state, WORDS);
  setWord(state, WORDS, i + 1);
  let y = word(state, i);
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >> 18);
}

/** A double in [0, 1) with 53 random bits, from two words: numpy's `random_sample`, Python's `random.random`. */
export function rngRandom(state: usize): f64 {
  const high = <f64>(rngU32(state) >> 5);
  const low = <f64>(rngU32(state) >> 6);
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

/** A double between `low` and `high` as both libraries' `uniform` gives it; `high` may be the smaller one. */
export function rngUniform(state: usize, low: f64, high: f64): f64 {
  return low + (high - low) * rngRandom(state);
}

/** numpy's legacy `randint(0, n)`: masked rejection; n = 1 consumes nothing. */
export function rngBelowNumpy(state: usize, n: u32): u32 {
  const last = n - 1;
  if (last === 0) return 0;
  const mask = <u32>0xffffffff >> clz(last);
  let value = rngU32(state) & mask;
  while (value > last) value = rngU32(state) & mask;
  return value;
}

/** Python's `random.randrange(n)`: rejection of `getrandbits(n.bit_length())`; n = 1 consumes words too. */
export function rngBelowPython(state: usize, n: u32): u32 {
  const unused = clz(n);
  let value = rngU32(state) >> unused;
  while (value >= n) value = rngU32(state) >> unused;
  return value;
}
