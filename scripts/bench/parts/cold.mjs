// Cold starts, each in a new process, in turn: import, device, weights, compile, first result. The files are in the system's cache.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { models } from "../contenders/images.mjs";
import { median, ratio, summary, takeTurns } from "../measure.mjs";
import { installed, peerFile } from "../peers/install.mjs";
import { ranOn } from "../start.mjs";
import { basics, memory, table } from "../table.mjs";
import { onnxFile, safetensorsFile } from "../weights.mjs";

const script = fileURLToPath(new URL("../contenders/first.mjs", import.meta.url));
const PHASES = ["import", "device", "load", "compile", "first"];

/** A contender that starts anew each time; what every start said is kept in `starts`. */
function newcomer(row, spec) {
  const starts = [];
  return {
    row,
    starts,
    async run() {
      const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(spec)]);
      starts.push(JSON.parse(stdout));
      return starts.at(-1).ms;
    },
  };
}

function ours(entry, options, key, weights) {
  return newcomer(
    { dtype: options.dtype ?? "f32", threads: options.threads },
    {
      kind: "ours",
      entry,
      model: key,
      weights,
      options,
    },
  );
}

async function peers(host, key, threads, note) {
  if (!installed()) {
    note("peers are not installed: `npm run bench -- --cold --peers` starts them too");
    return [];
  }
  const file = await onnxFile(key);
  const peer = (kind, device, path) =>
    newcomer({ device, dtype: "f32", threads }, { kind, entry: host.url(peerFile(path)), file, threads });
  return [
    peer("ort-node", "onnxruntime-node", "onnxruntime-node/dist/index.js"),
    peer("ort-web", "onnxruntime-web WASM", "onnxruntime-web/dist/ort.node.min.mjs"),
  ];
}

/**
 * Rows `{ name, device, variant, dtype, threads, medianMs, spread, ratio, phases, peakBytes }`: of the base model from a file beside
 * peers, with the most threads asked for, the ratio being to onnxruntime-node where it is here; and of the tiny model that is built in.
 * `peakBytes` is the process's, code and runtime included.
 */
export async function coldRows({ host, combos, threads, keys = ["base"], wanted, rounds = 5, note }) {
  const most = threads.at(-1);
  const chosen = combos.filter((options) => options.device === "wasm" && options.threads === most);
  const rows = [];
  for (const key of keys) {
    const name = `first embedding, ${models[key].title}, from a file`;
    if (!wanted(name)) continue;
    const weights = await safetensorsFile(key);
    const others = await peers(host, key, most, note);
    rows.push(...(await coldGroup(name, [...others, ...chosen.map((o) => ours(host.entry, o, key, weights))], rounds)));
  }
  const tiny = "first embedding, ViT-tiny/16, built in";
  if (wanted(tiny)) {
    rows.push(
      ...(await coldGroup(
        tiny,
        chosen.map((o) => ours(host.entry, o, "tiny", "procedural")),
        rounds,
      )),
    );
  }
  return rows;
}

async function coldGroup(name, contenders, rounds) {
  const times = await takeTurns(contenders, { rounds, seconds: 0 });
  return contenders.map(({ row, starts }, i) => {
    const kept = starts.slice(-rounds);
    const phases = Object.fromEntries(
      PHASES.filter((phase) => phase in kept[0].marks).map((phase) => [phase, median(kept.map((s) => s.marks[phase]))]),
    );
    const peakBytes = Math.max(...kept.map((s) => s.peakBytes));
    const ran = kept[0].info && ranOn(kept[0].info);
    return { name, ...row, ...ran, ...summary(times[i]), ratio: ratio(times[i], times[0]), phases, peakBytes };
  });
}

export const coldTable = (rows) =>
  table(rows, {
    ...basics,
    ...Object.fromEntries(PHASES.map((phase) => [`${phase} ms`, (row) => row.phases[phase]])),
    "time to first": (row) => row.ratio,
    ...memory,
  });
