// The same model, weights and images in this package and in its peers, on as many threads, each in turn; and whether they agree.

import { models } from "../contenders/images.mjs";
import { best, median, ratio, summary, takeTurns } from "../measure.mjs";
import { NATIVE, peers, versionsOf, WEB } from "../peers/index.mjs";
import { startAll } from "../start.mjs";
import { basics, table } from "../table.mjs";
import { safetensorsFile } from "../weights.mjs";

const SECONDS = 20;

/** Of the length of the difference to that of the result: float32 in another order makes about 1e-6, another model about 1. */
const SAME_MODEL = 1e-3;

/** How far `theirs` is from `ours`. */
function agreement(ours, theirs) {
  if (ours.length !== theirs.length) return { maxAbs: Number.NaN, relative: Number.NaN, cosine: Number.NaN };
  let [maxAbs, difference, dot, own, other] = [0, 0, 0, 0, 0];
  for (let i = 0; i < ours.length; i++) {
    const [a, b] = [ours[i], theirs[i]];
    maxAbs = Math.max(maxAbs, Math.abs(a - b));
    difference += (a - b) ** 2;
    dot += a * b;
    own += a * a;
    other += b * b;
  }
  return { maxAbs, relative: Math.sqrt(difference / own), cosine: dot / Math.sqrt(own * other) };
}

/** The peers that compute on the CPU with `threads` threads, or on the GPU where that is undefined. */
async function startPeers(host, key, batch, threads, note) {
  const started = [];
  for (const { device, peer, module, mostThreads = Infinity, spec, ...about } of peers[host.kind]) {
    if (about.threads !== (threads !== undefined) || threads > mostThreads) continue;
    try {
      const { call, close } = await host.start(module, { ...(await spec(host, key)), batch, threads: threads ?? 1 });
      const row = { device, dtype: "f32", threads };
      started.push({ row, peer, run: () => call("run"), call, close });
    } catch (error) {
      note(`not measured: ${device}, ${threads ?? "no"} threads: ${error.message}`);
    }
  }
  return started;
}

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, bestMs, gflops, ratio, nativeRatio, bestRatio, maxAbs, relative, cosine,
 * agrees }`: `ratio` of the time to that of onnxruntime-web on the same kind of device, `nativeRatio` to onnxruntime-node's, `bestRatio` of
 * the best time to onnxruntime-web's best.
 */
export async function peerRows({ host, combos, keys, batches, wanted, rounds, note }) {
  const rows = [];
  const threads = [...new Set(combos.map((options) => options.threads))];
  const versions = new Set();
  for (const key of keys) {
    for (const batch of batches) {
      const name = `${models[key].title}, batch ${batch}`;
      if (!wanted(name)) continue;
      const weights = host.path(await safetensorsFile(key));
      for (const count of threads) {
        const chosen = combos.filter((options) => options.threads === count);
        const specOf = (options) => ({ entry: host.entry, model: key, batch, options, weights });
        const own = await startAll(host, "ours.mjs", chosen, specOf, note);
        if (own.length === 0) continue;
        const others = await startPeers(host, key, batch, count, note);
        for (const version of versionsOf(others)) versions.add(version);
        rows.push(...(await measureTogether(name, own, others, rounds)));
      }
    }
  }
  if (versions.size > 0) note([...versions].join(", "));
  return rows;
}

async function measureTogether(name, own, others, rounds) {
  const all = [...own, ...others];
  const { flops } = own[0].about;
  const expected = await own[0].call("output");
  const agreements = [];
  for (const { call } of all) agreements.push(agreement(expected, await call("output")));
  const times = await takeTurns(all, { rounds, seconds: SECONDS });
  const timesOf = (device) => times[all.findIndex(({ row }) => row.device.startsWith(device))];
  const [web, native] = [
    timesOf(WEB.split(" ")[0] + (own[0].row.device === "wasm" ? " WASM" : " WebGPU")),
    timesOf(NATIVE),
  ];
  const rows = all.map(({ row, peer }, i) => ({
    name,
    ...row,
    device: peer ? row.device : `maskfeat-wgpu ${row.device}`,
    ...summary(times[i]),
    gflops: flops / median(times[i]) / 1e6,
    ratio: web && ratio(times[i], web),
    nativeRatio: native && ratio(times[i], native),
    bestRatio: web && best(times[i]) / best(web),
    ...agreements[i],
    agrees: row.dtype === "f32" ? agreements[i].relative < SAME_MODEL : undefined,
  }));
  for (const { close } of all) await close();
  return rows;
}

const speed = (time) => time && 1 / time;

export const peerTable = (rows) =>
  table(rows, {
    ...basics,
    "GFLOP/s": (row) => row.gflops,
    "speed, ort-web = 1": (row) => speed(row.ratio),
    "speed, ort-node = 1": (row) => speed(row.nativeRatio),
    "at best, ort-web = 1": (row) => speed(row.bestRatio),
    "max abs error": (row) => row.maxAbs,
    "relative error": (row) => row.relative,
    cosine: (row) => row.cosine?.toFixed(7),
    agrees: (row) => row.agrees && "yes",
  });
