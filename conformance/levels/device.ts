/**
 * C0: what every kernel takes for granted of the device below it: that bytes come back as they went, that small integers are exact, that
 * runs repeat, that nothing is left over. No rounding is involved unless a case says so.
 */

import type { BoundKind, Scope } from "../case.js";
import type { Case } from "../suite.js";
import {
  alone,
  alternating,
  canary,
  denormals,
  exactCall,
  fused,
  repeats,
  reuse,
  rounding,
  survives,
  type Work,
} from "./device-answers.js";

const make = (name: string, scope: Scope, work: Work, boundKind: BoundKind = "exact"): Case => ({
  id: `C0/${name}`,
  level: "C0",
  boundKind,
  scope,
  measure: ({ device }) => work(device),
});

const copies: readonly (readonly [Scope, number, number, number])[] = [
  ["quick", 2, 7, 5],
  ["quick", 1, 196, 48],
  ["full", 3, 31, 33],
  ["full", 1, 1, 1],
];

/** [rows, depth, columns]: whole tiles, and one more or less. Sums stay below 2048, which f16 holds too. */
const exactProducts: readonly (readonly [Scope, number, number, number])[] = [
  ["quick", 4, 8, 8],
  ["quick", 33, 36, 40],
  ["quick", 65, 64, 68],
  ["quick", 7, 13, 11],
  ["full", 31, 32, 32],
  ["full", 64, 64, 64],
  ["full", 1, 192, 5],
  ["full", 130, 15, 129],
  ["full", 5, 1, 3],
];

export function deviceCases(): Case[] {
  return [
    ...[1, 3, 4, 5, 1021, 65537].map((n) => make(`canary/${n} numbers`, "quick", canary(n))),
    ...[2, 7, 63, 64, 65, 4095, 1048577].map((n) => make(`canary/${n} numbers`, "full", canary(n))),
    make("memory/given out again", "quick", reuse),
    ...copies.flatMap(([scope, B, N, C]) => [
      make(`copy/patchTokens [${B},${1 + N},${C}]`, scope, exactCall("patchTokens", [[B, 1 + N, C]], {}, 2047)),
      make(`copy/classToken [${B},${1 + N},${C}]`, scope, exactCall("classToken", [[B, 1 + N, C]], {}, 2047)),
      make(`copy/featmap [${B},${1 + N},${C}]`, scope, exactCall("featmap", [[B, 1 + N, C]], { grid: [1, N] }, 2047)),
    ]),
    ...exactProducts.map(([scope, m, k, n]) =>
      make(`integers/linear [${m},${k}] [${n},${k}]`, scope, exactCall("linear", [[m, k], [n, k], [n]], {}, 3)),
    ),
    make("integers/linearAdd", "quick", exactCall("linearAdd", [[33, 36], [40, 36], [40], [33, 40]], {}, 3)),
    make("integers/add", "quick", exactCall("add", [[1021], [1021]], {}, 1000)),
    make("integers/add, a folded grid", "quick", exactCall("add", [[65535 * 64 + 7], [65535 * 64 + 7]], {}, 1000)),
    make(
      "integers/maskTokens",
      "quick",
      exactCall(
        "maskTokens",
        [
          [2, 7, 5],
          [2, 7],
          [1, 1, 5],
        ],
        {},
        1000,
      ),
    ),
    make(
      "integers/tokens",
      "quick",
      exactCall(
        "tokens",
        [
          [2, 7, 5],
          [1, 1, 5],
          [1, 8, 5],
        ],
        {},
        1000,
      ),
    ),
    make("arithmetic/rounding of a sum", "quick", rounding, "closed"),
    make("arithmetic/denormals", "quick", denormals, "closed"),
    make("arithmetic/multiply and add", "quick", fused, "closed"),
    make("arithmetic/NaN", "quick", survives(Number.NaN)),
    make("arithmetic/infinity", "full", survives(Number.POSITIVE_INFINITY)),
    make("programs/in turn", "quick", alternating),
    make("repeats/linear", "quick", repeats("linear", [[33, 36], [40, 36], [40]], {})),
    make("repeats/attention", "quick", repeats("attention", [[1, 67, 3 * 128]], { heads: 2 })),
    make("repeats/layerNorm", "quick", repeats("layerNorm", [[5, 193], [193], [193]], { eps: 1e-6 })),
    make(
      "repeats/maskedMse",
      "quick",
      repeats(
        "maskedMse",
        [
          [2, 7, 5],
          [2, 7, 5],
          [2, 7],
        ],
        {},
      ),
    ),
    make("repeats/meanTokens", "full", repeats("meanTokens", [[3, 197, 8]], {})),
    make("repeats/gelu", "full", repeats("gelu", [[1021]], {})),
    make("batch/attention", "quick", alone("attention", [[1, 13, 9 * 11]], [0], { heads: 3 }, 3)),
    make("batch/meanTokens", "quick", alone("meanTokens", [[1, 197, 8]], [0], {}, 3)),
    make(
      "batch/tokens",
      "full",
      alone(
        "tokens",
        [
          [1, 7, 5],
          [1, 1, 5],
          [1, 8, 5],
        ],
        [0],
        {},
        4,
      ),
    ),
    make(
      "batch/maskTokens",
      "full",
      alone(
        "maskTokens",
        [
          [1, 7, 5],
          [1, 7],
          [1, 1, 5],
        ],
        [0, 1],
        {},
        4,
      ),
    ),
    ...[2, 5, 9].map((batch) =>
      make(`batch/linear, ${batch} of 7 rows`, "full", alone("linear", [[1, 7, 13], [11, 13], [11]], [0], {}, batch)),
    ),
    ...[2, 3].map((batch) =>
      make(`batch/patches, ${batch}`, "full", alone("patches", [[1, 3, 9, 6]], [0], { patch: 4 }, batch)),
    ),
  ];
}
