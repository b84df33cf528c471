/** a + b; and what a device does with sums that it cannot store. */

import { everyHalf, formatOf } from "../points.js";
import { exactly, measure, sameNumbers } from "../score.js";
import {
  type Asked,
  abs,
  bench,
  casesOf,
  EITHER_WAY,
  FOLDED,
  lengths,
  type Mutants,
  op,
  rounded,
  soft,
} from "./define.js";

/** What becomes of pairs. */
async function sumsOf(on: Asked<object>, pairs: readonly (readonly [number, number])[]): Promise<Float32Array> {
  const [a, b] = [0, 1].map((side) => Float32Array.from(pairs, (pair) => pair[side]));
  return (await on.run([[pairs.length], [pairs.length]], {}, [a, b]))[0];
}

export const add = op({
  evaluate: (_, [a, b]) => [a.map((v, i) => v + b[i])],
  bound: (_, __, [y], sums) => [rounded(abs(y), EITHER_WAY, sums)],
  integers: 1000,
  cases: casesOf([...lengths, [{ ...soft, only: true }, [[FOLDED]]], [bench, [[197 * 768]]]], ([n]) => ({
    shapes: [[n], [n]],
    attrs: {},
  })),
  questions: [
    {
      id: "C0/arithmetic/rounding of a sum",
      scope: "quick",
      boundKind: "closed",
      /** Sums that a stored number cannot hold become one of their neighbours; the result says which one. */
      async ask(on) {
        const { digits, stored } = formatOf(on.device);
        const pairs = Array.from({ length: 64 }, (_, i) => [2 ** digits + 2 * i, 1] as const);
        const actual = await sumsOf(on, pairs);
        const exact = pairs.map(([a, b]) => a + b);
        const nearest = actual.every((v, i) => v === stored(exact[i]));
        const down = actual.every((v, i) => v < exact[i]);
        const not = down ? "toward zero" : "neither to nearest nor toward zero";
        return { ...measure(actual, exact, 2), reason: nearest ? "to the nearest, ties to even" : not };
      },
    },
    {
      id: "C0/arithmetic/denormals",
      scope: "quick",
      boundKind: "closed",
      /** Results below the smallest normal number are kept or become zero; the result says which. */
      async ask(on) {
        const { least } = formatOf(on.device);
        const given = Array.from({ length: 24 }, (_, i) => least * 2 ** -i);
        const actual = await sumsOf(
          on,
          given.map((v) => [v, 0]),
        );
        const reason = actual.every((v) => v === 0 || v === least) ? "flushed to zero" : "kept";
        return { ...measure(actual, given, least), reason };
      },
    },
    ...[Number.NaN, Number.POSITIVE_INFINITY].map((special) => ({
      id: `C0/arithmetic/a sum with ${special}`,
      scope: "quick" as const,
      boundKind: "exact" as const,
      async ask(on: Asked<object>) {
        const pairs = [[special, 1] as const, [1, 1] as const];
        return sameNumbers(await sumsOf(on, pairs), Float32Array.of(special, 2));
      },
    })),
    {
      id: "C1/f16/storing",
      scope: "quick",
      boundKind: "exact",
      skip: ({ numberBytes }) => (numberBytes === 2 ? undefined : "this device stores f32"),
      /** Every f16 number through a device that stores f16. */
      async ask(on) {
        const all = everyHalf().filter(Number.isFinite);
        const found = await sumsOf(
          on,
          Array.from(all, (v) => [v, 0]),
        );
        const wrong = all.filter((v, i) => found[i] !== v && Math.abs(v) > 2 ** -14);
        return exactly(all.length, wrong.length);
      },
    },
  ],
});

export const mutants: Mutants = {
  cases: "C0/integers/add*",
  files: {
    "gpu/ops/home.ts": [
      [
        "a grid is not folded: only the first 65,535 workgroups",
        "return [x, Math.ceil(count / x)];",
        "return [x, 1];",
        { device: "webgpu", cases: "C2/add/[4194247]*" },
      ],
    ],
    "assembly/nn/add.ts": [
      ["the tail of a vector is ignored", "const vectors = (count + 3) / 4;", "const vectors = count / 4;"],
    ],
  },
};
