// Whole models: `extractFeat` of batches, every device in turn.

import { models } from "../contenders/images.mjs";
import { median, ratio, summary, takeTurns } from "../measure.mjs";
import { startAll } from "../start.mjs";
import { basics, memory, percent, table } from "../table.mjs";

const SECONDS = 10;

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, gflops, ratio, msPerImage, batchRatio, dispatches, encodeMs, longestTurnMs,
 * peakBytes, allocatedBytes }`: `ratio` is to the first with the same model and batch, `batchRatio` that of the time per image to the same device's
 * with the first batch; and the ops of one image of each model on each device.
 */
export async function modelRows({ host, combos, keys, batches, wanted, rounds, note }) {
  const rows = [];
  const profiles = [];
  for (const key of keys) {
    const groups = [];
    for (const batch of batches) {
      const name = `${models[key].title}, batch ${batch}`;
      if (!wanted(name)) continue;
      const specOf = (options) => ({ entry: host.entry, model: key, batch, options });
      groups.push({ name, batch, contenders: await startAll(host, "ours.mjs", combos, specOf, note) });
    }
    const times = await takeTurns(
      groups.flatMap(({ contenders }) => contenders),
      { rounds, seconds: SECONDS * groups.length },
    );
    const timed = groups.map((group) => ({ ...group, times: times.splice(0, group.contenders.length) }));
    const [first] = timed;
    for (const { name, batch, contenders, times } of timed) {
      for (const [i, { row, about, call, close }] of contenders.entries()) {
        const { profile, ...details } = await call("details");
        const measured = { ...summary(times[i]), ratio: ratio(times[i], times[0]) };
        const gflops = about.flops / median(times[i]) / 1e6;
        const msPerImage = measured.medianMs / batch;
        const batchRatio = times === first.times ? undefined : (ratio(times[i], first.times[i]) * first.batch) / batch;
        rows.push({ name, ...row, ...measured, gflops, msPerImage, batchRatio, ...details });
        if (times === first.times) profiles.push({ name: models[key].title, ...row, profile });
        close();
      }
    }
  }
  return { rows, profiles };
}

export const modelTable = (rows) =>
  table(rows, {
    ...basics,
    "ms per image": (row) => row.msPerImage,
    "GFLOP/s": (row) => row.gflops,
    "time to first": (row) => row.ratio,
    "per image, to the first batch": (row) => row.batchRatio,
    dispatches: (row) => (row.encodeMs === undefined ? undefined : row.dispatches),
    "encode ms": (row) => row.encodeMs,
    "longest turn ms": (row) => row.longestTurnMs,
    ...memory,
  });

/** Where the time of one image goes. */
export const profileTable = ({ profile }) => {
  const all = profile.reduce((sum, { ms }) => sum + ms, 0);
  return table(profile, {
    op: (row) => row.op,
    calls: (row) => row.calls,
    ms: (row) => row.ms,
    "of the whole": (row) => percent(row.ms / all),
    "GFLOP/s": (row) => (row.flops === 0 ? undefined : row.flops / row.ms / 1e6),
  });
};
