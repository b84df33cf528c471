// Whole models: `extractFeat` of batches, every device in turn.

import { models } from "../contenders/images.mjs";
import { median, ratio, summary, takeTurns } from "../measure.mjs";
import { startAll } from "../start.mjs";
import { basics, memory, percent, table } from "../table.mjs";

const SECONDS = 10;

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, gflops, ratio, msPerImage, dispatches, encodeMs, peakBytes,
 * allocatedBytes }`, the ratio being to the first of the same model and batch; and the ops of one image of each model on each device.
 */
export async function modelRows({ host, combos, keys, batches, wanted, rounds, note }) {
  const rows = [];
  const profiles = [];
  for (const key of keys) {
    for (const batch of batches) {
      const name = `${models[key].title}, batch ${batch}`;
      if (!wanted(name)) continue;
      const specOf = (options) => ({ entry: host.entry, model: key, batch, options });
      const contenders = await startAll(host, "ours.mjs", combos, specOf, note);
      const times = await takeTurns(contenders, { rounds, seconds: SECONDS });
      for (const [i, { row, about, call, close }] of contenders.entries()) {
        const { profile, ...details } = await call("details");
        const measured = { ...summary(times[i]), ratio: ratio(times[i], times[0]) };
        const gflops = about.flops / median(times[i]) / 1e6;
        rows.push({ name, ...row, ...measured, gflops, msPerImage: measured.medianMs / batch, ...details });
        if (batch === batches[0]) profiles.push({ name: models[key].title, ...row, profile });
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
    dispatches: (row) => (row.encodeMs === undefined ? undefined : row.dispatches),
    "encode ms": (row) => row.encodeMs,
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
