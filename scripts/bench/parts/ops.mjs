// Every op on every device, with the reference loop taking turns: so shares of the peak are by round.

import { insideModule } from "../inside.mjs";
import { median, ratio, summary, takeTurns } from "../measure.mjs";
import { gpuPeak, peaks } from "../peak.mjs";
import { ofCombos, startAll } from "../start.mjs";
import { basics, percent, table } from "../table.mjs";

/** One op's part of the time that `takeTurns` may take. */
const SECONDS = 2;

/** The reference loop on every device and number of threads that the contenders have; the first is the plain one on one thread. */
async function startLoops(host, contenders) {
  const cpu = contenders.filter(({ row }) => row.device === "wasm").map(({ row }) => row.threads);
  const gpu = contenders.find(({ row }) => row.device !== "wasm");
  const loops = [];
  for (const threads of new Set([1, ...cpu])) loops.push(...(await peaks(host, threads)));
  return gpu ? [...loops, await gpuPeak(host, gpu.row.device)] : loops;
}

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, gflops, share, loop }`, those of the reference loops first: `share` is of
 * the rate of the fastest loop on the same device with as many threads, `loop` the time relative to that of the plain loop on one thread.
 */
export async function opRows({ host, combos, wanted, rounds, note }) {
  const module = host.url(await insideModule(host.kind));
  const contenders = await startAll(
    host,
    ofCombos(combos, module, (options) => ({ inside: "ops", options })),
    note,
  );
  const names = contenders.length > 0 ? await contenders[0].call("ops") : [];
  const chosen = names.filter((op) => wanted(`op ${op}`));
  const loops = chosen.length > 0 ? await startLoops(host, contenders) : [];
  const loopTimes = loops.map(() => []);
  const rows = [];
  for (const op of chosen) {
    const flops = [];
    for (const { call } of contenders) flops.push(await call("prepare", op));
    const times = await takeTurns([...contenders, ...loops], { rounds, seconds: SECONDS });
    const beside = times.splice(contenders.length);
    for (const [i, { row }] of contenders.entries()) {
      rows.push({ name: `op ${op}`, ...row, ...summary(times[i]), ...rates(times[i], flops[i], row, loops, beside) });
    }
    for (const [i, list] of loopTimes.entries()) list.push(...beside[i]);
  }
  for (const { close } of [...contenders, ...loops]) await close();
  const loopRows = loops.map(({ device, variant, threads, flops }, i) => {
    const gflops = flops / median(loopTimes[i]) / 1e6;
    return { name: "reference loop", device, variant, threads, ...summary(loopTimes[i]), gflops };
  });
  return [...loopRows, ...rows];
}

function rates(times, flops, { device, threads }, loops, loopTimes) {
  const loop = ratio(times, loopTimes[0]);
  if (flops === 0) return { loop };
  const shares = loops.flatMap((peak, i) =>
    peak.device === device && peak.threads === threads ? [flops / peak.flops / ratio(times, loopTimes[i])] : [],
  );
  return { loop, gflops: flops / median(times) / 1e6, share: Math.min(...shares) };
}

export async function ops(options) {
  const rows = await opRows(options);
  return { rows, text: table(rows, { ...basics, "GFLOP/s": "gflops", "of the peak": (row) => percent(row.share) }) };
}
