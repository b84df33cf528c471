// Whole models: `extractFeat` of batches, every device in turn.

import { models as registered } from "../contenders/images.mjs";
import { ratio, summary, takeTurns } from "../measure.mjs";
import { ofCombos, startAll } from "../start.mjs";
import { basics, MiB, percent, placeOf, table } from "../table.mjs";

const SECONDS = 10;

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, gflops, ratio, msPerImage, batchRatio, dispatches, encodeMs, longestTurnMs,
 * peakBytes, allocatedBytes }`: `ratio` is to the first with the same model and batch, `batchRatio` that of the time per image to the same device's
 * with the first batch; and `profiles`, the ops of one image of each model on each device.
 */
export async function models({ host, combos, fewKeys, batches, wanted, rounds, note }) {
  const rows = [];
  const profiles = [];
  for (const key of fewKeys) {
    const { title } = registered[key];
    const chosen = batches.filter((batch) => wanted(`${title}, batch ${batch}`));
    const all = [];
    for (const batch of chosen) {
      const specOf = (options) => ({ entry: host.entry, model: key, batch, options });
      const contenders = await startAll(host, ofCombos(combos, "ours.mjs", specOf), note);
      all.push(...contenders.map((contender) => ({ ...contender, batch })));
    }
    const times = await takeTurns(all, { rounds, seconds: SECONDS * chosen.length });
    for (const [i, { batch, row, about, call, close }] of all.entries()) {
      const { profile, ...details } = await call("details");
      const first = all.findIndex((other) => other.batch === batch);
      const measured = { ...summary(times[i]), ratio: ratio(times[i], times[first]) };
      const gflops = about.flops / measured.medianMs / 1e6;
      const msPerImage = measured.medianMs / batch;
      // to the same device with the first batch
      const batchRatio = first === 0 ? undefined : (ratio(times[i], times[i - first]) * all[0].batch) / batch;
      rows.push({ name: `${title}, batch ${batch}`, ...row, ...measured, gflops, msPerImage, batchRatio, ...details });
      if (first === 0) profiles.push({ name: title, ...row, profile });
      await close();
    }
  }
  const text = table(rows, {
    ...basics,
    "ms per image": "msPerImage",
    "GFLOP/s": "gflops",
    "time to first": "ratio",
    "per image, to the first batch": "batchRatio",
    dispatches: (row) => (row.encodeMs === undefined ? undefined : row.dispatches),
    "encode ms": "encodeMs",
    "longest turn ms": "longestTurnMs",
    "peak MiB": MiB("peakBytes"),
  });
  return { rows, profiles, text: [text, ...profiles.map(profileText)].join("\n\n") };
}

/** Where the time of one image goes. */
function profileText({ profile, ...of }) {
  const all = profile.reduce((sum, { ms }) => sum + ms, 0);
  const share = (row) => percent(row.ms / all);
  const rate = (row) => (row.flops === 0 ? undefined : row.flops / row.ms / 1e6);
  const columns = { op: "op", calls: "calls", ms: "ms", "of the whole": share, "GFLOP/s": rate };
  return `${of.name} on ${placeOf(of)}, by op:\n\n${table(profile, columns)}`;
}
