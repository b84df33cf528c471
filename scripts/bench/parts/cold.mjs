// Cold starts, each in a new process, in turn: import, device, weights, compile, first result. The files are in the system's cache.

import { models } from "../contenders/images.mjs";
import { median, race } from "../measure.mjs";
import { coldPeers, installed, installPeers } from "../peers/index.mjs";
import { ofCombos, startAll } from "../start.mjs";
import { basics, MiB, table } from "../table.mjs";
import { safetensorsFile } from "../weights.mjs";

const PHASES = ["import", "device", "load", "compile", "first"];

/** A contender that starts again each time; what every start said is kept in `starts`. */
function newcomer({ row, again, close }) {
  const starts = [];
  const run = async () => {
    const { call, close } = await again();
    starts.push(await call("first"));
    close();
    return starts.at(-1).ms;
  };
  return { row, starts, run, close };
}

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, ratio, phases, peakBytes }`: of the base model from a file beside
 * peers, with the most threads asked for, the ratio being to onnxruntime-node where it is here; and of the tiny model that is built in.
 * `peakBytes` is the process's, code and runtime included.
 */
export async function cold({ host, combos, threads, keys = ["base"], wanted, rounds = 5, peers, note }) {
  const most = threads.at(-1);
  const chosen = combos.filter((options) => options.device === "wasm" && options.threads === most);
  const ours = (model, weights) =>
    ofCombos(chosen, "ours.mjs", (options) => ({ entry: host.entry, model, batch: 1, options, weights }));
  if (peers) installPeers();
  else if (!installed()) note("peers are not installed: `npm run bench -- --cold --peers` starts them too");
  const groups = keys.map((key) => ({
    name: `first embedding, ${models[key].title}, from a file`,
    list: async () => [...(installed() ? coldPeers(host, key, most) : []), ...ours(key, await safetensorsFile(key))],
  }));
  groups.push({ name: "first embedding, ViT-tiny/16, built in", list: () => ours("tiny", "procedural") });
  const rows = [];
  for (const { name, list } of groups.filter((group) => wanted(group.name))) {
    const contenders = (await startAll(host, await list(), note)).map(newcomer);
    const raced = await race(contenders, { rounds, seconds: 0 });
    for (const [i, row] of raced.entries()) rows.push({ name, ...row, ...summed(contenders[i].starts.slice(-rounds)) });
  }
  const phases = Object.fromEntries(PHASES.map((phase) => [`${phase} ms`, (row) => row.phases[phase]]));
  return { rows, text: table(rows, { ...basics, ...phases, "time to first": "ratio", "peak MiB": MiB("peakBytes") }) };
}

function summed(starts) {
  const phases = PHASES.filter((phase) => phase in starts[0].marks);
  return {
    phases: Object.fromEntries(phases.map((phase) => [phase, median(starts.map((start) => start.marks[phase]))])),
    peakBytes: Math.max(...starts.map((start) => start.peakBytes)),
  };
}
