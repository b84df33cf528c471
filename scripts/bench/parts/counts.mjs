// What tells about speed on GPUs without one: dispatches, bytes, workgroups, all counted; and what a call costs the CPU.

import { models } from "../contenders/images.mjs";
import { inside, insideModule } from "../inside.mjs";
import { race } from "../measure.mjs";
import { startAll } from "../start.mjs";
import { MiB, percent, table, times } from "../table.mjs";

const SECONDS = 4;

/**
 * Rows `{ name, matmul, file, calls, workgroups, invocations, lanes, bytes, leastBytes, ratio }` of every kind of call, `ratio` being bytes to
 * least bytes, where WebGPU has an adapter; and `{ name, contender, dispatches, medianMs, spread, ratio }` of encoding a call, the ratio being
 * to the shortest program with as many dispatches.
 */
export async function counts({ keys = ["base"], wanted, ...options }) {
  const all = [];
  for (const key of keys) {
    if (options.gpu.available) all.push(...(await callRows(models[key], options)));
    all.push(...(await encodeRows(key, options)));
  }
  const rows = all.filter(({ name }) => wanted(name));
  const text = table(rows, {
    work: "name",
    by: (row) => row.contender ?? row.matmul,
    kernel: "file",
    calls: "calls",
    dispatches: "dispatches",
    workgroups: "workgroups",
    invocations: "invocations",
    "that store": (row) => percent(row.lanes),
    MiB: MiB("bytes"),
    "least MiB": MiB("leastBytes"),
    ...times,
    ratio: "ratio",
  });
  return { rows, text };
}

async function callRows({ title, name: model }, { host, batches, note }) {
  const module = host.url(await insideModule(host.kind));
  const { matmuls } = await inside();
  const list = matmuls.map((matmul) => ({
    name: matmul,
    row: {},
    module,
    spec: () => ({ inside: "counts", matmul }),
    matmul,
  }));
  const rows = [];
  for (const { matmul, call, close } of await startAll(host, list, note)) {
    for (const batch of batches) {
      for (const { op, shapes, ...count } of await call("count", model, batch)) {
        const name = `${title}, batch ${batch}: ${op} ${shapes}`;
        // only matmuls have several kernels
        if (rows.some((row) => row.name === name && row.file === count.file)) continue;
        rows.push({ name, matmul, ...count, ratio: count.bytes / count.leastBytes });
      }
    }
    await close();
  }
  return rows;
}

async function encodeRows(key, { host, rounds, note }) {
  const dispatches = (await inside()).dispatchesOf(models[key].name);
  const specs = { "only Dawn": { dispatches }, "maskfeat-wgpu": { entry: host.entry, model: key } };
  const rows = [];
  for (const inARow of [true, false]) {
    const name = `${models[key].title}: encode a call ${inARow ? "after others" : "after a pause"}, no GPU`;
    const list = Object.entries(specs).map(([contender, spec]) => {
      const row = { name, contender, dispatches };
      return { name: `encoding, ${contender}`, row, module: "encode.mjs", spec: () => ({ ...spec, inARow }) };
    });
    rows.push(...(await race(await startAll(host, list, note), { rounds, seconds: SECONDS })));
  }
  return rows;
}
