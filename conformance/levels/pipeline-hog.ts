/** C5, HOG: every number of a descriptor lies in the interval that rounding allows, and so does what mmpretrain computes. */

import type { Measured, Scope } from "../case.js";
import { cellOfFeature, hogIntervals, mapIntervals, measureWithin } from "../hog-intervals.js";
import { joined } from "../score.js";
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
  const intervals = goldens.map(({ options }, i) => hogIntervals(inputs[i], options));
  const beyond = (parts: readonly Measured[]) => goldens.find((_, i) => parts[i].use > 1)?.id;
  const references = goldens.map(({ cells }, i) => measureWithin(cells.data, intervals[i]));
  const unsound = beyond(references);
  if (unsound) return { ...joined(references), reason: `${unsound}: the golden itself is beyond its interval` };
  const found = goldens.map(({ options }, i) => side.hog(inputs[i], { ...options, layout: "cells" }).data);
  const parts = found.map((descriptor, i) => measureWithin(descriptor, intervals[i]));
  const wrong = beyond(parts);
  return { ...joined(parts), ...(wrong && { reason: `${wrong} is beyond its interval` }) };
}

/** The cases of one file of goldens. */
export function hogCases(scope: Scope, goldens: readonly HogGolden[], side: DataSide): Case[] {
  return [...new Set(goldens.map(groupOf))].map((name) => {
    const own = goldens.filter((golden) => groupOf(golden) === name);
    const measure = async () => check(side, own);
    return { id: `C5/hog/${name}`, level: "C5", boundKind: "interval", scope, measure };
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
    boundKind: "interval",
    scope: "quick",
    async measure() {
      const image = hogInput({ kind: "smooth", width, height, values: [] });
      const order = cellOfFeature(9, height / 8, width / 8, patchSize / 8);
      const ordered = (cells: Float64Array) => Float64Array.from(order, (i) => cells[i]);
      const intervals = mapIntervals(hogIntervals(image, settings), ordered);
      return measureWithin(side.hog(image, { patchSize }).data, intervals);
    },
  }));
}
