// Mutants of safetensors, npy and npz files, stored and deflated: of the words of their headers, and of bytes.
import { zipSync } from "fflate";
import { joined, latin1, little, mutatedList, number, pick, scrambled } from "./random.mjs";

const SIGNS = [..."{}[]:,\"'()- \n\ufeff\xff"];
const WORDS = String.raw`null true True -0 1e3 0.5 __proto__ __metadata__ \u0000 \ud800 F32 F16 BF16 I64 |O <f4 |u1 (2,3)`;
const TEXTS = [...SIGNS, ...WORDS.split(" "), "9".repeat(20)];

/** A header with words changed, numbers among them to others and to near ones. */
const mutatedText = (roll, text) =>
  mutatedList(roll, text.match(/\d+|\w+|./gs) ?? [""], {
    fresh: () => pick(roll, TEXTS),
    change(_, word) {
      if (!/^\d+$/.test(word)) return pick(roll, TEXTS);
      return String(roll(2) ? Number(word) + pick(roll, [-1, 1, 4]) : number(roll));
    },
    repeats: 300,
  }).join("");

/** Another header, whose length stands before it at `at`, in `width` bytes. */
function mutatedHeader(roll, { bytes, at, width }) {
  const start = at + width;
  const end = start + bytes[at] + 256 * bytes[at + 1];
  const header = latin1(mutatedText(roll, String.fromCharCode(...bytes.subarray(start, end))));
  const length = little(width, roll(12) ? header.length : number(roll));
  return joined([bytes.subarray(0, at), length, header, bytes.subarray(end)]);
}

function mutatedNpy(roll, bytes) {
  const changed = mutatedHeader(roll, { bytes, at: 8, width: 2 });
  // the version of the format
  if (roll(12) === 0) changed[6] = roll(5);
  return changed;
}

/** A source of mutants; each says which reader it is for. */
export function arrayMutants({ writeNpy, writeNpz, writeSafetensors }) {
  const data = Float32Array.from({ length: 12 }, (_, i) => i / 8 - 0.5);
  const safetensors = writeSafetensors(
    [
      ["layers.0.weight", { data, shape: [3, 4] }],
      ["layers.0.bias", { data: data.subarray(0, 3), shape: [3], dtype: "F16" }],
      ["cls", { data: data.subarray(0, 4), shape: [1, 1, 4], dtype: "BF16" }],
    ],
    new Map([["format", "pt"]]),
  );
  const floats = writeNpy({ data, shape: [3, 4] });
  const fortran = latin1(String.fromCharCode(...floats).replace("False, ", "True,  "));
  const arrays = [floats, fortran, writeNpy({ data: new Uint8Array(6), shape: [6] })];
  return (roll) => {
    const kind = roll(8);
    const ofBytes = roll(5) === 0;
    const npy = pick(roll, arrays);
    if (kind < 4) {
      const mutant = ofBytes
        ? scrambled(roll, safetensors)
        : mutatedHeader(roll, { bytes: safetensors, at: 0, width: 8 });
      return { reader: "checkpoint", bytes: mutant };
    }
    if (kind < 7) return { reader: "npy", bytes: ofBytes ? scrambled(roll, npy) : mutatedNpy(roll, npy) };
    const array = roll(2) ? mutatedNpy(roll, npy) : npy;
    const archive = roll(2) ? writeNpz([["a", array]]) : zipSync({ "a.npy": array }, { mtime: "2000-01-01T12:00" });
    return { reader: "checkpoint", bytes: roll(3) ? scrambled(roll, archive) : archive };
  };
}
