// `node alone.mjs ROW SEED MODULE`: reads one mutant in its own process, and prints the bytes it used and the bytes it may use.
import { allowed, growth } from "./memory.mjs";
import { dice } from "./random.mjs";
import { rows } from "./rows.mjs";

const [row, seed, module] = process.argv.slice(2);
const { next, use, limit = allowed } = await rows[row](await import(module));
const quietly = async (mutant) => {
  try {
    await use(mutant);
  } catch {}
};

// What is loaded and compiled for any file is not this one's.
for (let other = 1; other <= 20; other++) {
  await growth(() => quietly(next(dice(Number(seed) + other))));
}
const mutant = next(dice(Number(seed)));
const most = await limit(mutant);
const grown = await growth(() => quietly(mutant));
console.log(JSON.stringify({ grown, most }));
