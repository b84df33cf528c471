// The same model, weights and images in this package and in its peers, on as many threads, each in turn; and whether they agree.

import { models } from "../contenders/images.mjs";
import { agreement, best, ratio, summary, takeTurns } from "../measure.mjs";
import { installPeers, NATIVE, peersOf, WEB } from "../peers/index.mjs";
import { ofCombos, startAll } from "../start.mjs";
import { basics, table } from "../table.mjs";
import { safetensorsFile } from "../weights.mjs";

const SECONDS = 20;

/** The length of the difference relative to that of the result: float32 in another order makes about 1e-6, another model about 1. */
const SAME_MODEL = 1e-3;

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, bestMs, gflops, ratio, nativeRatio, bestRatio, maxAbs, relative, cosine,
 * agrees }`: `ratio` of the time to that of onnxruntime-web on the same kind of device, `nativeRatio` to onnxruntime-node's, `bestRatio` of
 * the best time to onnxruntime-web's best.
 */
export async function peers({ host, combos, fewKeys, batches, wanted, rounds, note }) {
  installPeers();
  const rows = [];
  const versions = new Set();
  const works = fewKeys.flatMap((key) =>
    batches.map((batch) => ({ key, batch, name: `${models[key].title}, batch ${batch}` })),
  );
  for (const { key, batch, name } of works.filter((work) => wanted(work.name))) {
    const weights = host.path(await safetensorsFile(key));
    for (const threads of new Set(combos.map((options) => options.threads))) {
      const chosen = combos.filter((options) => options.threads === threads);
      const specOf = (options) => ({ entry: host.entry, model: key, batch, options, weights });
      const own = await startAll(host, ofCombos(chosen, "ours.mjs", specOf), note);
      if (own.length === 0) continue;
      for (const { row } of own) row.device = `maskfeat-wgpu ${row.device}`;
      const others = await startAll(host, peersOf(host, key, batch, threads), note);
      for (const { version } of others) versions.add(version);
      const kind = threads === undefined ? "WebGPU" : "WASM";
      rows.push(...(await together(name, [...own, ...others], `${WEB} ${kind}`, rounds)));
    }
  }
  if (versions.size > 0) note([...versions].join(", "));
  const text = table(rows, {
    ...basics,
    "GFLOP/s": "gflops",
    "speed, ort-web = 1": (row) => row.ratio && 1 / row.ratio,
    "speed, ort-node = 1": (row) => row.nativeRatio && 1 / row.nativeRatio,
    "at best, ort-web = 1": (row) => row.bestRatio && 1 / row.bestRatio,
    "max abs error": "maxAbs",
    "relative error": "relative",
    cosine: (row) => row.cosine?.toFixed(7),
    agrees: (row) => row.agrees && "yes",
  });
  return { rows, text, failed: rows.some((row) => row.agrees === false) };
}

/** The rows of contenders of which the first is ours. */
async function together(name, all, webName, rounds) {
  const { flops } = all[0].about;
  const outputs = [];
  for (const { call } of all) outputs.push(await call("output"));
  const agreements = outputs.map((output) => agreement(outputs[0], output));
  const times = await takeTurns(all, { rounds, seconds: SECONDS });
  for (const { close } of all) await close();
  const timesOf = (device) => times[all.findIndex(({ row }) => row.device === device)];
  const [web, native] = [timesOf(webName), timesOf(NATIVE)];
  return all.map(({ row }, i) => {
    const measured = summary(times[i]);
    return {
      name,
      ...row,
      ...measured,
      gflops: flops / measured.medianMs / 1e6,
      ratio: web && ratio(times[i], web),
      nativeRatio: native && ratio(times[i], native),
      bestRatio: web && best(times[i]) / best(web),
      ...agreements[i],
      agrees: row.dtype === "f32" ? agreements[i].relative < SAME_MODEL : undefined,
    };
  });
}
