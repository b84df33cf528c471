/** C5, HOG: every number of a descriptor is within the bound of its sum's rounding, and so is what mmpretrain computes. */

import type { Measured, Scope } from "../case.js";
import { cellOfFeature, hogExpected } from "../hog.js";
import { joined, measure } from "../score.js";
import type { Case, Finding } from "../suite.js";
import { type DataSide, type HogGolden, hogInput } from "./pipeline-rows.js";

/** Flat images and ramps are small: one case for all of a kind. */
function groupOf({ id, input: { kind, width, height }, options: { nbins } }: HogGolden): string {
  if (kind === "constant" || kind === "zero") return `flat images ${width}x${height}`;
  if (kind === "ramp") return `ramps ${width}x${height}, ${nbins} bins`;
  return kind === "ramp8" ? `ramps of 8 bits ${width}x${height}` : id;
}

function check(side: DataSide, goldens: readonly HogGolden[]): Finding {
  const inputs = goldens.map(({ input }) => hogInput(input));
  const expected = goldens.map(({ options }, i) => hogExpected(inputs[i], options));
  const compare = (found: ArrayLike<number>, i: number) => measure(found, expected[i].values, expected[i].bound);
  const beyond = (parts: readonly Measured[]) => goldens.find((_, i) => parts[i].use > 1)?.id;
  const references = goldens.map(({ cells }, i) => compare(cells.data, i));
  const unsound = beyond(references);
  if (unsound) return { ...joined(references), reason: `${unsound}: the golden itself is beyond its bound` };
  const parts = goldens.map(({ options }, i) => {
    return compare(side.hog(inputs[i], { ...options, layout: "cells" }).data, i);
  });
  const wrong = beyond(parts);
  return { ...joined(parts), ...(wrong && { reason: `${wrong} is beyond its bound` }) };
}

/** The cases of one file of goldens. */
export function hogCases(scope: Scope, goldens: readonly HogGolden[], side: DataSide): Case[] {
  return [...new Set(goldens.map(groupOf))].map((name) => {
    const own = goldens.filter((golden) => groupOf(golden) === name);
    return { id: `C5/hog/${name}`, level: "C5", boundKind: "closed", scope, measure: async () => check(side, own) };
  });
}

/** Features in the order that models take them: of a whole image, and of one whose tokens have sixteen cells. */
export function tokenCases(side: DataSide): Case[] {
  const settings = { nbins: 9, pool: 8, gaussianWindow: 16, normalize: true };
  return [
    { width: 224, height: 224, patchSize: 16 },
    { width: 96, height: 64, patchSize: 32 },
  ].map(({ width, height, patchSize }) => ({
    id: `C5/hog/tokens of ${patchSize} pixels, smooth ${width}x${height}`,
    level: "C5",
    boundKind: "closed",
    scope: "quick",
    async measure() {
      const image = hogInput({ kind: "smooth", width, height, values: [] });
      const order = cellOfFeature(9, height / 8, width / 8, patchSize / 8);
      const { values, bound } = hogExpected(image, settings);
      const ordered = (cells: Float64Array) => Float64Array.from(order, (i) => cells[i]);
      return measure(side.hog(image, { patchSize }).data, ordered(values), ordered(bound));
    },
  }));
}
