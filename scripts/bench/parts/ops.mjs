// Every op on every device, with the reference loop taking turns: so shares of the peak are by round.

import { insideModule } from "../inside.mjs";
import { median, ratio, summary, takeTurns } from "../measure.mjs";
import { peaks } from "../peak.mjs";
import { startAll } from "../start.mjs";
import { basics, percent, table } from "../table.mjs";

/** One op's part of the time that `takeTurns` may take. */
const SECONDS = 2;

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, gflops, share, loop }`: `share` of the rate of the fastest build of the
 * reference loop with as many threads, `loop` the time relative to that of the plain loop's build on one thread.
 */
export async function opRows({ host, combos, wanted, rounds, note }) {
  const module = host.url(await insideModule(host.kind));
  const contenders = await startAll(host, module, combos, (options) => ({ options }), note);
  const threads = new Set([1, ...contenders.map(({ row }) => row.threads)]);
  const loops = [];
  for (const count of threads) loops.push(...(await peaks(host, count)));
  const rows = [];
  let loopTimes = [];
  for (const op of contenders.length > 0 ? await contenders[0].call("ops") : []) {
    if (!wanted(`op ${op}`)) continue;
    const [flops] = await Promise.all(contenders.map(({ call }) => call("prepare", op)));
    const times = await takeTurns([...contenders, ...loops], { rounds, seconds: SECONDS });
    loopTimes = times.slice(contenders.length);
    for (const [i, { row }] of contenders.entries()) {
      rows.push({ name: `op ${op}`, ...row, ...summary(times[i]), ...rates(times[i], flops, row, loops, loopTimes) });
    }
  }
  const loopRows = loops.map(({ build, threads, flops }, i) => {
    const gflops = flops / median(loopTimes[i]) / 1e6;
    return { name: "reference loop", device: "wasm", variant: build, threads, ...summary(loopTimes[i]), gflops };
  });
  for (const { close } of [...contenders, ...loops]) close();
  return loopTimes.length > 0 ? [...loopRows, ...rows] : [];
}

function rates(times, flops, row, loops, loopTimes) {
  const loop = ratio(times, loopTimes[0]);
  if (flops === 0) return { loop };
  const gflops = flops / median(times) / 1e6;
  if (row.device !== "wasm") return { loop, gflops };
  const shares = loops.flatMap((peak, i) =>
    peak.threads === row.threads ? [flops / peak.flops / ratio(times, loopTimes[i])] : [],
  );
  return { loop, gflops, share: Math.min(...shares) };
}

export const opTable = (rows) =>
  table(rows, { ...basics, "GFLOP/s": (row) => row.gflops, "of the peak": (row) => percent(row.share) });
