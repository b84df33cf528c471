// What tells about speed on GPUs without one: dispatches, bytes, workgroups, all counted; and what a call costs the CPU.

import { models } from "../contenders/images.mjs";
import { inside, insideModule } from "../inside.mjs";
import { ratio, summary, takeTurns } from "../measure.mjs";
import { percent, table } from "../table.mjs";

const SECONDS = 4;

/**
 * Rows `{ name, matmul, file, calls, workgroups, invocations, lanes, bytes, leastBytes, ratio }` of every kind of call, `ratio` being bytes to
 * least bytes, where WebGPU has an adapter; and `{ name, contender, dispatches, medianMs, spread, ratio }` of encoding a call, the ratio being
 * to the shortest program with as many dispatches.
 */
export async function countRows({ host, keys = ["base"], batches, wanted, rounds, gpu, note }) {
  const rows = [];
  for (const key of keys) {
    const counted = gpu.available ? await callRows(host, key, batches, note) : [];
    rows.push(...counted, ...(await encodeRows(host, key, rounds, note)));
  }
  return rows.filter(({ name }) => wanted(name));
}

async function callRows(host, key, batches, note) {
  const module = host.url(await insideModule(host.kind));
  const { matmuls } = await inside();
  const rows = [];
  for (const matmul of matmuls) {
    try {
      const { call, close } = await host.start(module, { inside: "counts", matmul });
      for (const batch of batches) {
        const name = `${models[key].title}, batch ${batch}`;
        for (const { op, shapes, ...count } of await call("count", models[key].name, batch)) {
          // only products have several kernels
          if (matmul !== matmuls[0] && !op.startsWith("linear")) continue;
          rows.push({ name: `${name}: ${op} ${shapes}`, matmul, ...count, ratio: count.bytes / count.leastBytes });
        }
      }
      close();
    } catch (error) {
      note(`not counted: ${matmul}: ${error.message}`);
    }
  }
  return rows;
}

async function encodeRows(host, key, rounds, note) {
  try {
    const dispatches = (await inside()).dispatchesOf(models[key].name);
    const rows = [];
    for (const inARow of [true, false]) {
      const name = `${models[key].title}: encode a call ${inARow ? "after others" : "after a pause"}, no GPU`;
      rows.push(...(await encodeTimes(host, { key, dispatches, inARow, rounds, name })));
    }
    return rows;
  } catch (error) {
    note(`encoding not measured: ${error.message}`);
    return [];
  }
}

async function encodeTimes(host, { key, dispatches, inARow, rounds, name }) {
  const specs = { "maskfeat-wgpu": { entry: host.entry, model: key }, "Dawn alone": { dispatches } };
  const contenders = [];
  for (const [contender, spec] of Object.entries(specs)) {
    const { call, close } = await host.start("encode.mjs", { ...spec, inARow });
    contenders.push({ contender, run: () => call("run"), close });
  }
  const times = await takeTurns(contenders, { rounds, seconds: SECONDS });
  for (const { close } of contenders) close();
  return contenders.map(({ contender }, i) => {
    return { name, contender, dispatches, ...summary(times[i]), ratio: ratio(times[i], times[1]) };
  });
}

const MB = (bytes) => bytes && bytes / 2 ** 20;

export const countTable = (rows) =>
  table(rows, {
    work: (row) => row.name,
    by: (row) => row.contender ?? row.matmul,
    kernel: (row) => row.file,
    calls: (row) => row.calls,
    dispatches: (row) => row.dispatches,
    workgroups: (row) => row.workgroups,
    invocations: (row) => row.invocations,
    "that store": (row) => percent(row.lanes),
    MiB: (row) => MB(row.bytes),
    "least MiB": (row) => MB(row.leastBytes),
    "median ms": (row) => row.medianMs,
    spread: (row) => percent(row.spread),
    ratio: (row) => row.ratio,
  });
